using System.Globalization;

namespace Godwit.Aoe.Wire;

/// <summary>Address of a target: shelf (major) and slot (minor), written as in <c>e0.0</c>.</summary>
public readonly record struct AoeAddress(ushort Shelf, byte Slot) : IComparable<AoeAddress>
{
    public const ushort AnyShelf = 0xFFFF;
    public const byte AnySlot = 0xFF;

    /// <summary>Greatest shelf that all initiators take; Linux refuses 0xfff and 0xffff.</summary>
    public const ushort LastShelf = 0xFFE;

    public const byte LastSlot = 0xFE;

    /// <summary>Asks all targets.</summary>
    public static AoeAddress Broadcast { get; } = new(AnyShelf, AnySlot);

    /// <summary>Whether a frame to <paramref name="destination"/> is meant for this target too.</summary>
    public bool IsMeantBy(AoeAddress destination) =>
        (destination.Shelf == Shelf || destination.Shelf == AnyShelf)
        && (destination.Slot == Slot || destination.Slot == AnySlot);

    /// <summary>Reads <c>e0.0</c> or <c>0.0</c>; false for anything else and for the reserved numbers.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out AoeAddress address)
    {
        address = default;
        if (text.StartsWith("e")) text = text[1..];
        var dot = text.IndexOf('.');
        if (dot < 0
            || !ushort.TryParse(text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var shelf)
            || !byte.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var slot)
            || shelf > LastShelf || slot > LastSlot)
            return false;
        address = new AoeAddress(shelf, slot);
        return true;
    }

    public int CompareTo(AoeAddress other) =>
        Shelf != other.Shelf ? Shelf.CompareTo(other.Shelf) : Slot.CompareTo(other.Slot);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"e{Shelf}.{Slot}");

    public static bool operator <(AoeAddress a, AoeAddress b) => a.CompareTo(b) < 0;
    public static bool operator >(AoeAddress a, AoeAddress b) => a.CompareTo(b) > 0;
    public static bool operator <=(AoeAddress a, AoeAddress b) => a.CompareTo(b) <= 0;
    public static bool operator >=(AoeAddress a, AoeAddress b) => a.CompareTo(b) >= 0;
}
