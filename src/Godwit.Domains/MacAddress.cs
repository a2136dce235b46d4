using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Godwit.Domains;

/// <summary>An Ethernet address, held as the number that its six bytes spell in network order.</summary>
[JsonConverter(typeof(MacAddressConverter))]
public readonly record struct MacAddress(ulong Value) : ISpanParsable<MacAddress>
{
    public const int Length = 6;

    public static MacAddress Read(ReadOnlySpan<byte> bytes) =>
        new(((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(Value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], (uint)Value);
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        Write(bytes);
        return bytes;
    }

    public static MacAddress Parse(string s) => Parse(s.AsSpan(), CultureInfo.InvariantCulture);

    public static MacAddress Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan(), provider);

    public static MacAddress Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var mac)
            ? mac
            : throw new FormatException($"'{s}' is not an Ethernet address; write six hexadecimal bytes, as in aa:cc:00:00:00:01.");

    public static bool TryParse(string? s, IFormatProvider? provider, out MacAddress result) =>
        TryParse(s.AsSpan(), provider, out result);

    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out MacAddress result)
    {
        result = default;
        if (s.Length != Length * 3 - 1)
            return false;
        ulong value = 0;
        for (var i = 0; i < Length; i++)
        {
            if (i > 0 && s[i * 3 - 1] is not (':' or '-'))
                return false;
            if (!byte.TryParse(s.Slice(i * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b))
                return false;
            value = (value << 8) | b;
        }
        result = new MacAddress(value);
        return true;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture,
            $"{Byte(5):x2}:{Byte(4):x2}:{Byte(3):x2}:{Byte(2):x2}:{Byte(1):x2}:{Byte(0):x2}");

    private byte Byte(int index) => (byte)(Value >> (index * 8));
}
