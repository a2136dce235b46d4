using System.Buffers.Binary;

namespace Godwit.Nbd;

/// <summary>
/// The contexts in which a client may ask for the status of blocks: <c>base:allocation</c> alone. What LIST and SET ask:
/// <code>
///   name length(4) name, number of queries(4), each: length(4) query
/// </code>
/// </summary>
internal static class MetaContexts
{
    /// <summary>Number of <c>base:allocation</c> in replies.</summary>
    public const uint AllocationId = 1;

    public static ReadOnlySpan<byte> Allocation => "base:allocation"u8;

    /// <summary>Whether <c>base:allocation</c> is among what is asked for; null where the question is not sound.</summary>
    /// <param name="data">The option's data.</param>
    /// <param name="lists">No query, or one for the namespace, asks for all; where contexts are set, for none.</param>
    public static bool? Asked(ReadOnlySpan<byte> data, bool lists)
    {
        if (!TryTake(ref data, out _) || data.Length < 4)
            return null;
        var queries = BinaryPrimitives.ReadUInt32BigEndian(data);
        data = data[4..];
        var asked = lists && queries == 0;
        for (var i = 0u; i < queries; i++)
        {
            if (!TryTake(ref data, out var query))
                return null;
            asked |= query.SequenceEqual(Allocation) || (lists && query.SequenceEqual("base:"u8));
        }
        return data.IsEmpty ? asked : null;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> data, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (data.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(data) is var length && length > data.Length - 4)
            return false;
        text = data.Slice(4, (int)length);
        data = data[(4 + (int)length)..];
        return true;
    }
}
