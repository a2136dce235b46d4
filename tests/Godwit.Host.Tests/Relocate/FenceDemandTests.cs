using Godwit.Domains;
using Godwit.Host.Relocate;
using Godwit.Storage;

namespace Godwit.Host.Tests.Relocate;

public class FenceDemandTests
{
    [Fact]
    public void ADomainOnADiskWithoutAFenceIsRefusedWithTheDiskAndTheRemedy()
    {
        var refused = Assert.Throws<GodwitException>(() => FenceDemand.Check("bare", [Disk(DiskKind.File), Disk(DiskKind.BlockDevice)]));
        Assert.Equal("disk-not-fenced", refused.Code);
        Assert.Contains("/dev/mapper/san of bare", refused.Message);
        Assert.Contains("--unfenced", refused.Remedy);
    }

    [Fact]
    public void AFileIsLeftToTheDestinationsRefusal() => FenceDemand.Check("filed", [Disk(DiskKind.File)]);

    [Fact]
    public void OneWithFencesMoves() => FenceDemand.Check("vm1", []);

    private static DiskIdentity Disk(DiskKind kind) =>
        new() { Kind = kind, Name = kind == DiskKind.File ? "/srv/filed.img" : "/dev/mapper/san", SizeBytes = 1 };
}
