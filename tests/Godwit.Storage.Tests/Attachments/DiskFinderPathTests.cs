using Godwit.Domains;
using Godwit.Storage.Attachments;

namespace Godwit.Storage.Tests.Attachments;

public sealed class DiskFinderPathTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("../secret")]
    [InlineData("vg/../../secret")]
    public async Task A_target_does_not_lead_out_of_the_directory_of_devices(string target)
    {
        Directory.CreateDirectory(_directory.File("dev/vg"));
        await File.WriteAllBytesAsync(_directory.File("secret"), new byte[512], TestContext.Current.CancellationToken);
        var finder = new DiskFinder(new FakeEndpoints(), _directory.File("dev"));
        var refused = await Assert.ThrowsAsync<GodwitException>(() => finder.FindAsync(
            new DiskSpec { Target = target, Backend = DiskBackend.Block, VirtualDevice = "xvda" }, TestContext.Current.CancellationToken));
        Assert.Equal(StorageErrors.NoSuchDisk, refused.Code);
    }
}
