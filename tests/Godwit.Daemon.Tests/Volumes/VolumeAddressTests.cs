using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Tests.Volumes;

public sealed class VolumeAddressTests
{
    private static readonly VolumeRecord s_ours = new(new VolumeName("vg", "v1"), 512, "storage-2", 0, 1);

    [Theory]
    [InlineData("storage-1", 0, 1, true)]
    // Of two with one address exactly one gives way; and nobody to itself.
    [InlineData("storage-3", 0, 1, false)]
    [InlineData("storage-2", 0, 1, false)]
    [InlineData("storage-1", 0, 2, false)]
    [InlineData("storage-1", 1, 1, false)]
    public void OfTwoStorageHostsThatGaveOneAddressOneGivesWay(string host, int shelf, int slot, bool yields) =>
        Assert.Equal(yields, LocalVolumes.YieldsTo(s_ours, new VolumeRecord(new VolumeName("vg", "v2"), 512, host, shelf, slot)));
}
