namespace Godwit.Aoe.Fuzz;

/// <summary>What is fixed for one life of a target.</summary>
/// <param name="Managed">In a pool: a fence decides, and nothing can be set over the wire.</param>
/// <param name="Macs">Addresses that are answered; empty answers all.</param>
internal sealed record ModelSettings(
    ushort Shelf, byte Slot, int Mtu, bool ReadOnly, bool WriteCache, bool Managed, byte Mark, Guid BootId, Guid MachineId, IReadOnlyList<ulong> Macs)
{
    public int SectorsPerFrame => (Mtu - 36) / 512;
}
