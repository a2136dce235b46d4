using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.Aoe.Guests.Power;

/// <summary>An interface that can be taken from its user at once, as the end of his process would.</summary>
internal sealed class CutLink(IFrameLink link) : IFrameLink
{
    private volatile bool _cut;

    public string Name => link.Name;

    public MacAddress Address => link.Address;

    public int Mtu => link.Mtu;

    public int MtuLimit => link.MtuLimit;

    public long Dropped => link.Dropped;

    public void Cut() => _cut = true;

    public void Receive(PacketBatch batch, int timeoutMs)
    {
        link.Receive(batch, timeoutMs);
        if (_cut) batch.Clear();
    }

    public void Send(PacketBatch batch)
    {
        if (!_cut) link.Send(batch);
    }

    public void Wake() => link.Wake();

    public void Dispose() => link.Dispose();
}
