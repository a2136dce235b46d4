using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Domains;

namespace Godwit.Api.Tests;

public sealed class JsonTests
{
    [Fact]
    public void Names_are_camelCase_enumerations_kebab_case_and_nulls_left_out()
    {
        var text = JsonSerializer.Serialize(
            new DomainInfo
            {
                Name = "vm1", Uuid = Guid.Empty, Host = "a", Epoch = 7, State = DomainState.IoError, MemoryMiB = 256, VirtualCpus = 1,
                Engine = "qemu", Accelerator = "tcg", MachineType = "m", CpuModel = "c",
            },
            GodwitJson.Default.DomainInfo);
        Assert.Equal(
            """
            {"name":"vm1","uuid":"00000000-0000-0000-0000-000000000000","host":"a","epoch":7,"state":"io-error","memoryMiB":256,"maxMemoryMiB":256,"virtualCpus":1,"maxVirtualCpus":1,"cpuSeconds":0,"engine":"qemu","accelerator":"tcg","machineType":"m","cpuModel":"c","unfencedDisks":[]}
            """, text);
    }

    [Fact]
    public void A_specification_comes_back_as_it_went()
    {
        var spec = new DomainSpec
        {
            Name = "vm1",
            Uuid = Guid.NewGuid(),
            MemoryMiB = 256,
            Kernel = "/boot/vmlinuz",
            Root = "/dev/hda1",
            CommandLine = "3",
            Disks = [new DiskSpec { Target = "vg_xen/lv_vm1", Backend = DiskBackend.Block, VirtualDevice = "hda1", Format = DiskFormat.Qcow2 }],
            Interfaces = [new InterfaceSpec { Mac = MacAddress.Parse("aa:cc:00:00:00:01"), Addresses = ["10.0.0.1"], Mtu = 9000 }],
            OnCrash = LifecycleAction.Preserve,
        };
        var request = new CreateDomainRequest { Spec = spec, Paused = true };
        var text = JsonSerializer.Serialize(request, GodwitJson.Default.CreateDomainRequest);
        var back = JsonSerializer.Deserialize(text, GodwitJson.Default.CreateDomainRequest)!;
        Assert.Equal(text, JsonSerializer.Serialize(back, GodwitJson.Default.CreateDomainRequest));
        Assert.Equal(spec.Disks.AsEnumerable(), back.Spec.Disks);
        Assert.Equal((spec.Interfaces[0].Mac, spec.OnCrash, true), (back.Spec.Interfaces[0].Mac, back.Spec.OnCrash, back.Paused));
    }

    [Fact]
    public void What_is_required_must_be_there() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"member":"a"}""", GodwitJson.Default.PoolJoinRequest));

    [Fact]
    public void A_host_without_an_engine_can_be_read_back()
    {
        var host = new HostInfo("storage", "10.9.0.1:8002", ImmutableArray.Create("storage"), true, "0.1.0");
        var text = JsonSerializer.Serialize(host, GodwitJson.Default.HostInfo);
        Assert.Null(JsonSerializer.Deserialize(text, GodwitJson.Default.HostInfo)!.Engine);
    }
}
