using System.Diagnostics;
using Godwit.Aoe.Tests.EndToEnd;

namespace Godwit.Aoe.Tests.Peers;

/// <summary>A disk of 64 MiB on one side of a veth pair, attached on the other by <c>godwit-aoe attach</c> as it ships.</summary>
internal sealed class AttachedDisk : IDisposable
{
    private static readonly string Tool = Path.Combine(AppContext.BaseDirectory, "godwit-aoe");
    private readonly TemporaryDirectory _directory = new();

    public AttachedDisk()
    {
        using var disk = File.Create(Disk);
        disk.SetLength(Bytes);
    }

    public static long Bytes => 64 << 20;

    public VethPair Pair { get; } = new();

    public string Disk => Place("disk.img");

    public string Control => Place("attach.ctl");

    public string Url => $"nbd+unix:///?socket={Place("nbd")}";

    public string Place(string name) => _directory.File(name);

    public Process Export() => Pair.Start(Pair.Storage, Place("export.ctl"),
        Tool, "export", Disk, "--shelf", "0", "--slot", "0", "--interface", "st0", "--control", Place("export.ctl"));

    public Process Attach() => Pair.Start(Pair.Host, Control,
        Tool, "attach", "e0.0", "--interface", "st0", "--socket", Place("nbd"), "--control", Control);

    public void Dispose()
    {
        Pair.Dispose();
        _directory.Dispose();
    }
}
