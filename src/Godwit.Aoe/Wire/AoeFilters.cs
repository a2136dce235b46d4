using Godwit.Native.Packets;

namespace Godwit.Aoe.Wire;

/// <summary>
/// Filters that run in the kernel, so that frames for others wake nobody. To others are, with all of them, frames that a promiscuous
/// interface sees on their way to another address, and those of a VLAN: its tag was taken out of them, so that they look like ours.
/// </summary>
public static class AoeFilters
{
    /// <summary>Most addresses of one filter: its jumps reach 255 instructions.</summary>
    public const int MostAddresses = 50;

    /// <summary>Requests to one of some targets, or to all.</summary>
    public static IReadOnlyList<BpfInstruction> Requests(params IReadOnlyList<AoeAddress> targets)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(targets.Count, MostAddresses);
        List<BpfInstruction> program =
        [
            .. ForUs(),
            BpfInstruction.LoadUInt8(AoeHeader.VersionAt),
            BpfInstruction.IfAnyBit((uint)AoeFlags.Response, then: 0, otherwise: 1),
            BpfInstruction.Drop,
        ];
        foreach (var shelf in targets.Select(t => t.Shelf).Distinct().Append(AoeAddress.AnyShelf))
            MatchShelf(program, shelf, Slots(targets, shelf));
        program.Add(BpfInstruction.Drop);
        return program;
    }

    /// <summary>Answers of one target.</summary>
    public static IReadOnlyList<BpfInstruction> Answers(AoeAddress target) =>
    [
        .. ForUs(),
        BpfInstruction.LoadUInt8(AoeHeader.VersionAt),
        BpfInstruction.IfAnyBit((uint)AoeFlags.Response, then: 0, otherwise: 5),
        BpfInstruction.LoadUInt16(AoeHeader.MajorAt),
        BpfInstruction.IfEqual(target.Shelf, then: 0, otherwise: 3),
        BpfInstruction.LoadUInt8(AoeHeader.MinorAt),
        BpfInstruction.IfEqual(target.Slot, then: 0, otherwise: 1),
        BpfInstruction.Accept,
        BpfInstruction.Drop,
    ];

    /// <summary>Answers of all targets.</summary>
    public static IReadOnlyList<BpfInstruction> AllAnswers { get; } =
    [
        .. ForUs(),
        BpfInstruction.LoadUInt8(AoeHeader.VersionAt),
        BpfInstruction.IfAnyBit((uint)AoeFlags.Response, then: 0, otherwise: 1),
        BpfInstruction.Accept,
        BpfInstruction.Drop,
    ];

    private static IEnumerable<BpfInstruction> ForUs() =>
    [
        BpfInstruction.LoadPacketType,
        BpfInstruction.IfEqual(BpfInstruction.ToOtherHost, then: 2, otherwise: 0),
        BpfInstruction.LoadHasVlanTag,
        BpfInstruction.IfEqual(0, then: 1, otherwise: 0),
        BpfInstruction.Drop,
    ];

    private static IEnumerable<byte> Slots(IReadOnlyList<AoeAddress> targets, ushort shelf) => targets
        .Where(t => t.Shelf == shelf || shelf == AoeAddress.AnyShelf)
        .Select(t => t.Slot).Distinct().Append(AoeAddress.AnySlot);

    // Where the shelf is this one, accepts a slot of the list; else goes on behind.
    private static void MatchShelf(List<BpfInstruction> program, ushort shelf, IEnumerable<byte> slots)
    {
        List<BpfInstruction> block = [BpfInstruction.LoadUInt8(AoeHeader.MinorAt)];
        foreach (var slot in slots)
        {
            block.Add(BpfInstruction.IfEqual(slot, then: 0, otherwise: 1));
            block.Add(BpfInstruction.Accept);
        }
        program.Add(BpfInstruction.LoadUInt16(AoeHeader.MajorAt));
        program.Add(BpfInstruction.IfEqual(shelf, then: 0, otherwise: (byte)block.Count));
        program.AddRange(block);
    }
}
