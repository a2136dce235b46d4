using Godwit.Domains;
using Godwit.Host.Relocate;
using Godwit.Hypervisors;
using Godwit.Relocation.Protocol;
using Godwit.Storage;

namespace Godwit.Host.Tests.Relocate;

public sealed class OfferCheckTests : IDisposable
{
    private static readonly DiskIdentity s_found = new() { Kind = DiskKind.PoolVolume, Name = "vg_xen/lv_vm1", SizeBytes = 1 << 30 };

    private static readonly RelocationOffer s_offer = new()
    {
        RelocationId = new Guid("6f0d1f0e-4a3a-4c43-9d8e-000000000006"),
        From = "a",
        To = "b",
        Spec = new DomainSpec
        {
            Name = "vm1",
            MemoryMiB = 256,
            Disks = [new DiskSpec { Target = "vg_xen/lv_vm1", Backend = DiskBackend.Block, VirtualDevice = "xvda" }],
        },
        Pin = new EnginePin("fake", "none", "fake-1.0", "fake-cpu,+extra"),
        EngineVersion = "1.1",
        Epoch = 7,
        RunState = RunState.Running,
        Disks = [new OfferedDisk("vg_xen/lv_vm1", 1 << 30, Shared: true)],
        Now = default,
    };

    private readonly OneHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void WhatFitsIsNotRefused()
    {
        OfferCheck.Engine(s_offer, _host.Parts, _host.AvailableMemoryMiB);
        OfferCheck.Disk(s_offer, s_offer.Disks[0], s_found, "b");
        _host.AvailableMemoryMiB = 256;
        OfferCheck.Engine(s_offer, _host.Parts, _host.AvailableMemoryMiB);
    }

    [Theory]
    [InlineData("engine-differs", "vm1 runs on xen; b has fake", "Choose a host with xen")]
    [InlineData("accelerator-differs", "created under kvm; b has none", "Choose a host with kvm")]
    [InlineData("no-such-machine-type", "machine type fake-2.0, which fake 1.0 of b does not know", "Bring b to fake 1.1")]
    [InlineData("no-such-cpu-model", "CPU model other-cpu,+extra, which b cannot give", "Choose a host that has it")]
    [InlineData("not-enough-memory", "vm1 has 256 MiB of memory; b has 255 MiB to give", "Move another domain away")]
    [InlineData("bad-offer", "a offers 0 disks for a specification of 1", null)]
    public void WhatDoesNotFitTheHostIsRefusedWithBothSidesAndTheRemedy(string code, string message, string? remedy)
    {
        var offer = code switch
        {
            "engine-differs" => s_offer with { Pin = s_offer.Pin with { Engine = "xen" } },
            "accelerator-differs" => s_offer with { Pin = s_offer.Pin with { Accelerator = "kvm" } },
            "no-such-machine-type" => s_offer with { Pin = s_offer.Pin with { MachineType = "fake-2.0" } },
            "no-such-cpu-model" => s_offer with { Pin = s_offer.Pin with { CpuModel = "other-cpu,+extra" } },
            "bad-offer" => s_offer with { Disks = [] },
            _ => s_offer,
        };
        if (code == "not-enough-memory")
            _host.AvailableMemoryMiB = 255;
        AssertRefused(code, message, remedy, Assert.Throws<GodwitException>(() => OfferCheck.Engine(offer, _host.Parts, _host.AvailableMemoryMiB)));
    }

    [Fact]
    public void WhatTheDriverKnowsOfAMachineTypeThatIsNotThereIsSaidInItsWords()
    {
        var parts = _host.Parts with { Hypervisor = new LackingHypervisor(_host.Parts.Hypervisor) };
        var refused = Assert.Throws<GodwitException>(
            () => OfferCheck.Engine(s_offer with { Pin = s_offer.Pin with { MachineType = "pvh" } }, parts, _host.AvailableMemoryMiB));
        AssertRefused("host-cannot-pvh", "vm1 does not run on b.", "Choose a host that can.", refused);
        refused = Assert.Throws<GodwitException>(
            () => OfferCheck.Engine(s_offer with { Pin = s_offer.Pin with { MachineType = "fake-2.0" } }, parts, _host.AvailableMemoryMiB));
        AssertRefused("no-such-machine-type", "machine type fake-2.0", "Bring b to", refused);
    }

    [Theory]
    // A file may lie on both hosts under one name and be two; so may one that only the destination takes for a file.
    [InlineData(false, DiskKind.File, "vg_xen/lv_vm1", 1 << 30, "disk-not-shared", "is a file of a; b does not have it")]
    [InlineData(true, DiskKind.File, "vg_xen/lv_vm1", 1 << 30, "disk-not-shared", "is a file of a; b does not have it")]
    [InlineData(false, DiskKind.BlockDevice, "vg_xen/lv_vm1", 1 << 30, "disk-not-shared", "is a file of a; b does not have it")]
    [InlineData(true, DiskKind.PoolVolume, "vg_xen/lv_vm2", 1 << 30, "disk-differs", "b finds vg_xen/lv_vm2 with 1073741824 bytes under that name")]
    [InlineData(true, DiskKind.BlockDevice, "vg_xen/lv_vm1", 1 << 20, "disk-differs", "with 1073741824 bytes, b finds vg_xen/lv_vm1 with 1048576 bytes")]
    public void ADiskThatIsAnotherOneHereIsRefused(bool shared, DiskKind kind, string name, long bytes, string code, string message)
    {
        var found = new DiskIdentity { Kind = kind, Name = name, SizeBytes = bytes };
        var refused = Assert.Throws<GodwitException>(() => OfferCheck.Disk(s_offer, s_offer.Disks[0] with { Shared = shared }, found, "b"));
        AssertRefused(code, message, code == "disk-differs" ? "given the same disk" : "Put it on a volume of the pool", refused);
    }

    private static void AssertRefused(string code, string message, string? remedy, GodwitException refused)
    {
        Assert.Equal(code, refused.Code);
        Assert.Contains(message, refused.Message);
        if (remedy is null)
            Assert.Null(refused.Remedy);
        else
            Assert.Contains(remedy, refused.Remedy);
    }
}
