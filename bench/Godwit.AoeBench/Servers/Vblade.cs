using Godwit.Aoe.Wire;

namespace Godwit.AoeBench.Servers;

/// <summary>The target that others use, with -s where writes are to be durable.</summary>
internal sealed class Vblade(string file) : Server("vblade", new AoeAddress(1, 0))
{
    public override bool StoresWrites => true;

    protected override IReadOnlyList<string> Command(Series series) =>
        ["vblade", .. series.Writes ? ["-s"] : Array.Empty<string>(), "-b", "128", "1", "0", Wire.Interface, file];
}
