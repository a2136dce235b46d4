using Godwit.Aoe.Initiator;
using Godwit.Aoe.Wire;
using Godwit.Nbd;

namespace Godwit.AoeTool.Running;

/// <summary>An attached device as NBD serves it.</summary>
internal sealed class AoeDisk(AoeInitiator initiator) : INbdDevice
{
    public long SizeBytes => initiator.SizeBytes;

    public int BlockBytes => AoeProtocol.SectorBytes;

    public int PreferredBytes => 4096;

    public bool ReadOnly => false;

    public ValueTask ReadAsync(long offset, Memory<byte> buffer) => initiator.ReadAsync(offset, buffer);

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> data) => initiator.WriteAsync(offset, data);

    public bool Discards => initiator.Discards;

    public ValueTask DiscardAsync(long offset, long length) => initiator.DiscardAsync(offset, length);

    public ValueTask FlushAsync() => initiator.FlushAsync();

    public void BeginGroup() => initiator.BeginGroup();

    public void EndGroup() => initiator.EndGroup();

    public bool TryDefer(Action action) => AoeInitiator.TryDefer(action);
}
