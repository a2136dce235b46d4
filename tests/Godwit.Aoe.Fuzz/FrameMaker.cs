using System.Buffers.Binary;

namespace Godwit.Aoe.Fuzz;

/// <summary>Frames as initiators, broken initiators and vandals send them. Most mean something, so that they reach deep.</summary>
internal sealed class FrameMaker(Random random, ModelSettings settings, long sectors)
{
    /// <summary>Few addresses and sessions, so that frames meet what earlier ones left behind.</summary>
    public static IReadOnlyList<ulong> Sources { get; } = [0x02_00_00_00_00_01, 0x02_00_00_00_00_02, 0x02_00_00_00_00_03, 0x02_00_00_00_00_04];

    public const int Sessions = 6;
    private static readonly byte[] s_commands =
        [0x20, 0x24, 0x24, 0x24, 0x24, 0x30, 0x34, 0x34, 0x34, 0x34, 0x34, 0x06, 0xE7, 0xEA, 0xEC, 0xB0, 0xEF, 0xEF];

    public byte[] Next()
    {
        var frame = random.Next(100) switch
        {
            < 78 => Ata(),
            < 84 => Config(),
            < 88 => Mask(),
            < 92 => Reserve(),
            < 98 => Ata(),
            _ => Noise(),
        };
        if (random.Next(100) < 12) frame = Damage(frame);
        // A wire carries no more.
        return frame.Length > settings.Mtu + 14 ? frame[..(settings.Mtu + 14)] : frame;
    }

    private byte[] Ata()
    {
        var command = random.Next(200) == 0 ? (byte)random.Next(256) : s_commands[random.Next(s_commands.Length)];
        var count = random.Next(20) switch { 0 => random.Next(256), < 4 => random.Next(settings.SectorsPerFrame + 2), _ => random.Next(1, 3) };
        var carries = command is 0x30 or 0x34 or 0x06;
        if (command == 0x06) count = Math.Min(count, 2);
        var frame = Head(0, 36 + (carries ? count * 512 : 0));
        frame[24] = (byte)random.Next(256);
        frame[25] = command switch
        {
            0xEF => random.Next(8) switch { 0 => (byte)random.Next(256), < 3 => 0x82, _ => 0x02 },
            0xB0 => (byte)(0xD0 + random.Next(12)),
            0x06 => (byte)(random.Next(10) == 0 ? random.Next(256) : 1),
            _ => Mark(),
        };
        (frame[26], frame[27]) = ((byte)count, command);
        var lba = command switch
        {
            0xB0 => random.Next(5) == 0 ? random.Next() : 0xC24F00,
            0x06 => Mark(),
            // The number of a process. Mostly one that begins anew: else most writes would be repetitions.
            0xEF => random.Next(10) switch { 0 => 0, 1 => random.Next(1, 4), _ => random.NextInt64(1L << 48) },
            _ => Lba(),
        };
        for (var i = 0; i < 6; i++) frame[28 + i] = (byte)(lba >> (8 * i));
        if (command == 0x06) FillTrim(frame.AsSpan(36));
        else if (carries) Stamp(frame.AsSpan(36));
        return frame;
    }

    private byte Mark() => random.Next(20) switch { 0 => (byte)random.Next(256), < 8 => settings.Mark, _ => 0 };

    private long Lba() => random.Next(40) switch
    {
        0 => random.NextInt64(1L << 48),
        1 => (1L << 48) - 1 - random.Next(3),
        2 => (1L << 28) + random.NextInt64(sectors),
        3 => sectors - random.Next(4),
        // Places that are written again and again.
        < 12 => random.Next(4),
        _ => random.NextInt64(sectors),
    };

    private void FillTrim(Span<byte> list)
    {
        // Mostly empty entries, as real ones are.
        for (var at = 0; at + 8 <= list.Length && random.Next(4) != 0; at += 8)
        {
            var first = random.Next(30) == 0 ? random.NextInt64(1L << 48) : random.NextInt64(sectors);
            var count = random.Next(10) == 0 ? random.Next(1 << 16) : random.Next(9);
            BinaryPrimitives.WriteUInt64LittleEndian(list[at..], (ulong)count << 48 | (ulong)first);
        }
    }

    // Enough to tell this frame's data from any other's.
    private void Stamp(Span<byte> data)
    {
        for (var at = 0; at + 512 <= data.Length; at += 512)
            BinaryPrimitives.WriteInt64LittleEndian(data[(at + 8 * random.Next(64))..], random.NextInt64());
    }

    private byte[] Config()
    {
        var length = random.Next(30) == 0 ? random.Next(1030) : random.Next(4);
        var frame = Head(1, 32 + length);
        frame[29] = (byte)(random.Next(16) << 4 | (random.Next(20) == 0 ? random.Next(16) : random.Next(5)));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(30), (ushort)length);
        for (var i = 0; i < length; i++) frame[32 + i] = (byte)('a' + random.Next(2));
        return frame;
    }

    private byte[] Mask()
    {
        var count = random.Next(40) == 0 ? random.Next(256) : random.Next(3);
        var frame = Head(2, 28 + count * 8);
        (frame[25], frame[27]) = ((byte)(random.Next(20) == 0 ? random.Next(256) : random.Next(2)), (byte)count);
        for (var at = 28; at < frame.Length; at += 8)
        {
            // Far more is taken off than put on: a list that nobody is on deafens the target.
            frame[at + 1] = (byte)(random.Next(50) == 0 ? random.Next(256) : random.Next(8) == 0 ? 1 : 2);
            Put(frame, at + 2, Source());
        }
        return frame;
    }

    private byte[] Reserve()
    {
        var count = random.Next(40) == 0 ? random.Next(256) : random.Next(6) == 0 ? random.Next(1, 4) : 0;
        var frame = Head(3, 26 + count * 6);
        (frame[24], frame[25]) = ((byte)(random.Next(20) == 0 ? random.Next(256) : random.Next(3)), (byte)count);
        for (var at = 26; at < frame.Length; at += 6) Put(frame, at, Source());
        return frame;
    }

    private byte[] Head(byte command, int length)
    {
        var frame = new byte[length];
        Put(frame, 0, FuzzLink.Ours.Value);
        Put(frame, 6, Source());
        (frame[12], frame[13], frame[14], frame[19]) = (0x88, 0xA2, 0x10, command);
        var (shelf, slot) = random.Next(40) switch
        {
            0 => ((ushort)0xFFFF, (byte)0xFF),
            1 => (settings.Shelf, (byte)0xFF),
            2 => ((ushort)0xFFFF, settings.Slot),
            3 => ((ushort)random.Next(1 << 16), (byte)random.Next(256)),
            _ => (settings.Shelf, settings.Slot),
        };
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), shelf);
        frame[18] = slot;
        var tag = random.Next(10) switch
        {
            0 => (uint)random.NextInt64(1L << 32),
            // Sequence numbers that come again, and those that share a place in a table of the recent ones.
            _ => (uint)(1 << 31 | random.Next(Sessions) << 20 | random.Next(40) | random.Next(2) << 14),
        };
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(20), tag);
        return frame;
    }

    private ulong Source() => random.Next(100) == 0 ? (ulong)random.NextInt64(1L << 48) : Sources[random.Next(Sources.Count)];

    private byte[] Noise()
    {
        var frame = new byte[random.Next(120)];
        random.NextBytes(frame);
        if (random.Next(2) == 0 && frame.Length > 14) (frame[12], frame[13], frame[14]) = (0x88, 0xA2, (byte)(frame[14] & 0xF7));
        return frame;
    }

    private byte[] Damage(byte[] frame)
    {
        switch (random.Next(3))
        {
            case 0:
                return frame[..random.Next(frame.Length + 1)];
            case 1:
                return [.. frame, .. new byte[random.Next(64)]];
            default:
                for (var i = random.Next(1, 4); i > 0 && frame.Length > 0; i--)
                    frame[random.Next(Math.Min(frame.Length, 40))] ^= (byte)(1 << random.Next(8));
                return frame;
        }
    }

    private static void Put(byte[] frame, int at, ulong address)
    {
        for (var i = 0; i < 6; i++) frame[at + i] = (byte)(address >> (40 - 8 * i));
    }
}
