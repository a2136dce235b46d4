using Godwit.Aoe.Initiator;

namespace Godwit.AoeTool.Running;

/// <summary>A line of <c>discover</c>.</summary>
internal sealed record DiscoveredDevice(
    string Device, int Shelf, int Slot, string Interface, string Mac, int BufferCount, int Firmware, int SectorsPerFrame)
{
    public static DiscoveredDevice From(FoundTarget t) => new(t.Address.ToString(), t.Address.Shelf, t.Address.Slot,
        t.Interface, t.Mac.ToString(), t.BufferCount, t.Firmware, t.SectorsPerFrame);
}
