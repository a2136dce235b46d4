using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.Aoe.Fuzz;

/// <summary>An interface in memory: frames are put in before a step of the target, and its answers taken out after it.</summary>
internal sealed class FuzzLink(int mtu) : IFrameLink
{
    private readonly Queue<byte[]> _coming = [];

    public static MacAddress Ours { get; } = new(0x02_00_00_00_00_AA);

    public string Name => "memory";

    public MacAddress Address => Ours;

    public int Mtu => mtu;

    public int MtuLimit => mtu;

    public long Dropped => 0;

    public List<byte[]> Sent { get; } = [];

    public void Put(byte[] frame) => _coming.Enqueue(frame);

    public void Receive(PacketBatch batch, int timeoutMs)
    {
        batch.Clear();
        while (!batch.IsFull && _coming.TryDequeue(out var frame)) batch.Add(frame);
    }

    public void Send(PacketBatch batch)
    {
        for (var i = 0; i < batch.Count; i++) Sent.Add(batch[i].ToArray());
    }

    public void Wake()
    {
    }

    public void Dispose()
    {
    }
}
