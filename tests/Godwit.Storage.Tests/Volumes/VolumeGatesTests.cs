using Godwit.Domains;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Tests.Volumes;

public sealed class VolumeGatesTests
{
    private static readonly VolumeName s_name = VolumeName.Parse("vg/a");
    private readonly VolumeGates _gates = new();

    private IDisposable Enter(string what) => what switch
    {
        "change" => _gates.Change(s_name),
        "start" => _gates.Start(s_name),
        "copy" => _gates.Copy(s_name),
        "look" => _gates.Look(s_name),
        _ => _gates.Admit(s_name),
    };

    /// <summary>The table at the class, which is the same both ways.</summary>
    [Theory]
    [InlineData("change", "change", false)]
    [InlineData("change", "start", false)]
    [InlineData("change", "copy", false)]
    [InlineData("change", "look", false)]
    [InlineData("change", "admit", true)]
    [InlineData("start", "look", true)]
    [InlineData("copy", "look", true)]
    [InlineData("look", "look", true)]
    [InlineData("look", "admit", true)]
    [InlineData("start", "start", false)]
    [InlineData("start", "copy", true)]
    [InlineData("start", "admit", true)]
    [InlineData("copy", "copy", true)]
    [InlineData("copy", "admit", false)]
    [InlineData("admit", "admit", true)]
    public void What_goes_with_what(string one, string other, bool allowed)
    {
        foreach (var (first, second) in new[] { (one, other), (other, one) })
        {
            using (Enter(first))
            {
                if (allowed)
                    Enter(second).Dispose();
                else
                    Assert.Equal(StorageErrors.VolumeBusy, Assert.Throws<GodwitException>(() => Enter(second)).Code);
                _gates.Change(VolumeName.Parse("vg/other")).Dispose();
            }
            Enter(second).Dispose();
        }
    }
}
