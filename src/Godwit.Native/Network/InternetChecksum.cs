namespace Godwit.Native.Network;

/// <summary>RFC 1071: the sum of the IP protocols.</summary>
internal static class InternetChecksum
{
    /// <param name="data">With zero, or the sum of what else it covers, in the place of the checksum.</param>
    public static ushort Of(ReadOnlySpan<byte> data)
    {
        var sum = 0u;
        for (var i = 0; i < data.Length; i += 2) sum += (uint)(data[i] << 8) | (i + 1 < data.Length ? data[i + 1] : 0u);
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
