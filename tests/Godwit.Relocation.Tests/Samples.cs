using System.Net;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Tests;

internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static RelocationOffer Offer { get; } = new()
    {
        RelocationId = new Guid("6f0d1f0e-4a3a-4c43-9d8e-000000000002"),
        From = "resource-1",
        To = "resource-2",
        Spec = new DomainSpec
        {
            Name = "vm1",
            MemoryMiB = 256,
            Disks = [new DiskSpec { Target = "vg_xen/lv_vm1", Backend = DiskBackend.Block, VirtualDevice = "hda1" }],
            Interfaces = [new InterfaceSpec { Mac = new MacAddress(0xaacc00000001) }],
        },
        Pin = new EnginePin("fake", "none", "fake-1.0", "fake-cpu"),
        EngineVersion = "1.0",
        Epoch = 7,
        RunState = RunState.Running,
        Disks = [new OfferedDisk("vg_xen/lv_vm1", 5L << 30, Shared: true)],
        KernelDigest = new string('a', 64),
        Now = Noon,
    };

    /// <summary>One of each message.</summary>
    public static RelocationMessage[] Messages { get; } =
    [
        new RelocationMessage.Hello(1, 1, Offer),
        new RelocationMessage.Welcome(1, [new string('a', 64)]),
        new RelocationMessage.Refused("no", "do"),
        new RelocationMessage.Refused("no", null),
        new RelocationMessage.ClockQuestion(3),
        new RelocationMessage.ClockAnswer(3, Noon),
        new RelocationMessage.BootFile(new string('a', 64), 1 << 20),
        new RelocationMessage.FileBytes(new byte[] { 1, 2, 3 }),
        new RelocationMessage.Prepare(),
        new RelocationMessage.Prepared(),
        new RelocationMessage.EngineBytes(new byte[] { 4, 5 }),
        new RelocationMessage.EngineZeros(4096),
        new RelocationMessage.EngineEnd(),
        new RelocationMessage.Stopping([[IPAddress.Parse("10.8.0.21"), IPAddress.Parse("fe80::1")], []]),
        new RelocationMessage.Handover(),
        new RelocationMessage.Frames([[[1, 2, 3], [4]], []]),
        new RelocationMessage.Running(8, new ArrivalTimes(Noon, Noon, Noon, Noon.AddMilliseconds(1.5))),
        new RelocationMessage.GaveBack("a disk"),
        new RelocationMessage.Failed("gone", null),
    ];

    /// <summary>The message as text that shows all of it: records with arrays do not compare by value.</summary>
    public static string Show(RelocationMessage message) => message switch
    {
        RelocationMessage.Hello m => System.Text.Json.JsonSerializer.Serialize(m, RelocationJson.Default.Hello),
        RelocationMessage.Welcome m => System.Text.Json.JsonSerializer.Serialize(m, RelocationJson.Default.Welcome),
        RelocationMessage.Stopping m => System.Text.Json.JsonSerializer.Serialize(m, RelocationJson.Default.Stopping),
        RelocationMessage.Frames m => System.Text.Json.JsonSerializer.Serialize(m, RelocationJson.Default.Frames),
        RelocationMessage.EngineBytes m => "engine " + Convert.ToHexString(m.Bytes.Span),
        RelocationMessage.FileBytes m => "file " + Convert.ToHexString(m.Bytes.Span),
        _ => message.ToString(),
    };
}

/// <summary>A clock that a test sets.</summary>
internal sealed class SetTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = Samples.Noon;

    /// <summary>So much of it is a step of the wall clock, and no time that passed.</summary>
    public TimeSpan Stepped { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Step(TimeSpan by) => (Now, Stepped) = (Now + by, Stepped + by);

    public override long GetTimestamp() => (Now - Stepped).UtcTicks;

    public override DateTimeOffset GetUtcNow() => Now;
}
