using System.Buffers.Binary;
using System.Text;

namespace Godwit.Aoe.Fuzz;

/// <summary>A host's stay at a disk, as the fence knows it; without a session too where it is the Linux driver's.</summary>
internal sealed record Stay(int Session, ulong Source, bool Sessionless)
{
    public bool Sent(int session, ulong source) => source == Source && (session == Session || (session == 0 && Sessionless));
}

/// <summary>
/// What a target answers to a frame, byte by byte, written down from AoEr11 and ATA/ATAPI-7 a second time: slow, simple, and without a
/// line of the target's own code. It knows the medium's failures before they happen.
/// </summary>
internal sealed class TargetModel(ModelSettings settings, byte[] disk)
{
    private const int Header = 24, AtaHeader = 36;
    private readonly long _sectors = disk.Length / 512;
    private List<ulong> _masks = [];
    private readonly List<ulong> _reservers = [];
    private readonly Dictionary<(ulong Source, uint Program), Cache> _caches = [];
    private readonly HashSet<(ulong Source, uint Program)> _durable = [];
    private readonly HashSet<int> _awaitsSync = [];
    private byte[] _configString = [];
    private bool _broken;

    public byte[] Disk => disk;

    public bool ReadsFail { get; set; }

    public bool WritesFail { get; set; }

    public bool SyncsFail { get; set; }

    /// <summary>The session and the addresses that may write, and those that may read; of a managed target.</summary>
    public Stay? Writer { get; set; }

    public List<Stay> Readers { get; } = [];

    public long Epoch { get; set; }

    /// <summary>None where the disk is fenced as a whole.</summary>
    public List<ModelRange> Ranges { get; } = [];

    /// <summary>The answers to frames that are executed together, before any of them leaves.</summary>
    public List<byte[]> Answer(IEnumerable<byte[]> frames)
    {
        List<byte[]> answers = [];
        _awaitsSync.Clear();
        foreach (var frame in frames)
        {
            if (Answer(frame, answers.Count) is { } answer) answers.Add(answer);
        }
        if (_awaitsSync.Count > 0 && SyncsFail) _broken = true;
        foreach (var index in _awaitsSync.Where(_ => _broken)) (answers[index][25], answers[index][27]) = (0x04, 0x61);
        return answers;
    }

    private byte[]? Answer(byte[] frame, int index)
    {
        if (frame.Length < Header || frame[12] != 0x88 || frame[13] != 0xA2 || (frame[14] & 8) != 0) return null;
        var (shelf, slot) = (BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16)), frame[18]);
        if ((shelf != settings.Shelf && shelf != 0xFFFF) || (slot != settings.Slot && slot != 0xFF)) return null;
        var (source, exact) = (Address(frame, 6), shelf == settings.Shelf && slot == settings.Slot);
        if (_masks.Count > 0 && !_masks.Contains(source)) return null;
        if (settings.Macs.Count > 0 && !settings.Macs.Contains(source)) return null;
        if (frame[14] >> 4 != 1) return Error(frame, 5);
        return frame[19] switch
        {
            0 => exact ? Ata(frame, source, index) : null,
            1 => Config(frame, exact),
            2 => Mask(frame, exact),
            3 => Reserve(frame, source, exact),
            _ => Error(frame, 1),
        };
    }

    private byte[] Ata(byte[] frame, ulong source, int index)
    {
        if (frame.Length < AtaHeader) return Error(frame, 2);
        var tag = BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(20));
        var session = tag >> 31 == 0 ? 0 : (int)(tag >> 20 & 0x7FF);
        // The kernel's driver and a program without a session are two.
        var program = tag >> 31 == 0 ? 0 : tag >> 20;
        var (feature, count, command) = (frame[25], frame[26], frame[27]);
        var lba = Lba(frame);
        var writes = command is 0x30 or 0x34 or 0x06;
        if (settings.Managed)
        {
            var standing = Standing(source, session);
            if (command is not (0xEC or 0xB0) && standing < (writes && Ranges.Count == 0 ? 3 : 2)) return Registers(frame, 0x41, 0x04);
        }
        else if (_reservers.Count > 0 && !_reservers.Contains(source))
        {
            return Error(frame, 6);
        }
        var mark = command switch
        {
            0x20 or 0x24 or 0x30 or 0x34 or 0xE7 or 0xEA => feature,
            0x06 => lba,
            _ => 0,
        };
        if (settings.Mark != 0 && mark != 0 && mark != settings.Mark) return Registers(frame, 0x41, 0x24);

        _caches.TryGetValue((source, program), out var cache);
        // Whatever is executed takes the place of an older write.
        if (session != 0 && cache is not null && cache.Writes.TryGetValue(tag % (1 << 14), out var older) && older.Tag != tag)
            cache.Writes.Remove(tag % (1 << 14));

        var bytes = count * 512;
        if (command is 0x20 or 0x24 or 0x30 or 0x34 or 0x06 && (count == 0 || count > settings.SectorsPerFrame)) return Error(frame, 2);
        if (writes && frame.Length < AtaHeader + bytes) return Error(frame, 2);
        var first = command is 0x24 or 0x34 ? lba : lba & 0xFFFFFFF;
        switch (command)
        {
            case 0x20 or 0x24:
                if (first + count > _sectors) return Registers(frame, 0x41, 0x10);
                if (!MayRead(source, session, first, count)) return Registers(frame, 0x41, 0x04);
                return ReadsFail ? Registers(frame, 0x41, 0x40) : Registers(frame, 0x40, 0, disk.AsSpan((int)first * 512, bytes));
            case 0x30 or 0x34:
                if (settings.ReadOnly || _broken) return Registers(frame, 0x41, 0x04);
                if (first + count > _sectors) return Registers(frame, 0x41, 0x10);
                if (!MayWrite(source, session, first, count)) return Registers(frame, 0x41, 0x04);
                if (Repeated(cache, session, tag, lba)) return Registers(frame, 0x40, 0);
                if (WritesFail) return Registers(frame, 0x61, 0x04);
                frame.AsSpan(AtaHeader, bytes).CopyTo(disk.AsSpan((int)first * 512));
                return Written(frame, cache, source, tag, lba, index);
            case 0x06:
                return Trim(frame, cache, session, source, tag, lba, bytes, index);
            case 0xE7 or 0xEA:
                _awaitsSync.Add(index);
                return Registers(frame, 0x40, 0);
            case 0xEC:
                return Registers(frame, 0x40, 0, Identity(source, session, cache is not null || CachedForAll(source, program)));
            case 0xB0:
                return Smart(frame, feature, lba);
            case 0xEF when feature == 0x02:
                _durable.Remove((source, program));
                // The same order again, late, does not forget the writes since; nor does one from a process that is known.
                if (cache is null || cache.Process != lba || (lba == 0 && (session == 0 || cache.EnabledBy != tag)))
                {
                    var same = lba == 0 ? null : _caches.FirstOrDefault(c => c.Key.Program == program && c.Value.Process == lba).Value;
                    _caches[(source, program)] = same ?? new Cache(tag, lba);
                }
                return Registers(frame, 0x40, 0);
            case 0xEF when feature == 0x82:
                _caches.Remove((source, program));
                _durable.Add((source, program));
                _awaitsSync.Add(index);
                return Registers(frame, 0x40, 0);
            default:
                return Registers(frame, 0x41, 0x04);
        }
    }

    private byte[] Trim(byte[] frame, Cache? cache, int session, ulong source, uint tag, long lba, int bytes, int index)
    {
        if (frame[25] != 1 || frame[26] > 1 || settings.ReadOnly || _broken) return Registers(frame, 0x41, 0x04);
        List<(long First, long Count)> ranges = [];
        for (var at = 0; at < bytes; at += 8)
        {
            var entry = BinaryPrimitives.ReadUInt64LittleEndian(frame.AsSpan(AtaHeader + at));
            ranges.Add(((long)(entry & 0xFFFFFFFFFFFF), (long)(entry >> 48)));
        }
        foreach (var (first, count) in ranges)
        {
            if (first + count > _sectors) return Registers(frame, 0x41, 0x10);
            if (!MayWrite(source, session, first, count)) return Registers(frame, 0x41, 0x04);
        }
        if (Repeated(cache, session, tag, lba)) return Registers(frame, 0x40, 0);
        foreach (var (first, count) in ranges.Where(range => range.Count > 0))
        {
            if (WritesFail) return Registers(frame, 0x61, 0x04);
            disk.AsSpan((int)first * 512, (int)count * 512).Clear();
        }
        return Written(frame, cache, source, tag, lba, index);
    }

    private static bool Repeated(Cache? cache, int session, uint tag, long lba) =>
        session != 0 && cache is not null && cache.Writes.TryGetValue(tag % (1 << 14), out var last) && last == (tag, lba);

    private bool CachedForAll(ulong source, uint program) => settings.WriteCache && !_durable.Contains((source, program));

    private byte[] Written(byte[] frame, Cache? cache, ulong source, uint tag, long lba, int index)
    {
        if (cache is null && !CachedForAll(source, tag >> 31 == 0 ? 0 : tag >> 20)) _awaitsSync.Add(index);
        if (cache is not null && (tag >> 31 == 0 ? 0 : tag >> 20 & 0x7FF) != 0) cache.Writes[tag % (1 << 14)] = (tag, lba);
        return Registers(frame, 0x40, 0);
    }

    private byte[] Smart(byte[] frame, byte feature, long lba)
    {
        if ((lba & 0xFFFF00) != 0xC24F00 || feature is not (0xD0 or 0xD8 or 0xD9 or 0xDA)) return Registers(frame, 0x41, 0x04);
        if (feature == 0xD0)
        {
            var page = new byte[512];
            (page[0], page[368]) = (0x10, 1);
            page[511] = Complement(page);
            return Registers(frame, 0x40, 0, page);
        }
        var answer = Registers(frame, 0x40, 0);
        if (feature == 0xDA && _broken) (answer[29], answer[30]) = (0xF4, 0x2C);
        return answer;
    }

    private byte[] Identity(ulong source, int session, bool cached)
    {
        var data = new byte[512];
        void Put(int word, int value) => BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(word * 2), (ushort)value);
        void Text(int word, int length, string text)
        {
            for (var i = 0; i < length; i++) data[word * 2 + (i ^ 1)] = i < text.Length ? Encoding.ASCII.GetBytes(text)[i] : (byte)' ';
        }
        Put(0, 0x40);
        Text(10, 20, $"e{settings.Shelf}.{settings.Slot}");
        Text(23, 8, "1");
        Text(27, 40, "Godwit AoE disk");
        Put(47, 0x8000);
        Put(49, 0x0200);
        Put(53, 2);
        Put(60, (int)_sectors);
        Put(61, (int)(_sectors >> 16));
        if (!settings.ReadOnly)
        {
            Put(69, 0x4020);
            Put(105, 1);
            Put(169, 1);
        }
        Put(80, 0x01F0);
        Put(82, 0x0021);
        Put(83, 0x7400);
        Put(84, 0x4000);
        Put(85, cached ? 0x0021 : 0x0001);
        Put(86, 0x3400);
        Put(87, 0x4000);
        Put(100, (int)_sectors);
        Put(101, (int)(_sectors >> 16));
        Put(106, 0x6003);
        "GODW"u8.CopyTo(data.AsSpan(258));
        Put(131, settings.Mark);
        Put(134, settings.Managed ? Standing(source, session) : 0);
        BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(270), settings.Managed ? Epoch : 0);
        settings.BootId.ToByteArray().CopyTo(data, 278);
        settings.MachineId.ToByteArray().CopyTo(data, 294);
        data[510] = 0xA5;
        data[511] = Complement(data);
        return data;
    }

    // 1 nobody, 2 reader, 3 writer.
    private int Standing(ulong source, int session) =>
        Writer?.Sent(session, source) == true ? 3 : Readers.Exists(reader => reader.Sent(session, source)) ? 2 : 1;

    // Sector by sector.
    private bool MayRead(ulong source, int session, long first, long count)
    {
        for (var sector = first; sector < first + count; sector++)
        {
            if (Ranges.Find(range => range.Has(sector)) is { } range && range.Barred.Any(barred => Sent(barred, source, session))) return false;
        }
        return true;
    }

    private bool MayWrite(ulong source, int session, long first, long count)
    {
        for (var sector = first; sector < first + count && Ranges.Count > 0; sector++)
        {
            var range = Ranges.Find(range => range.Has(sector)) ?? Ranges.Find(range => range.Rest);
            if (range is null || !Sent(range.Writer, source, session)) return false;
        }
        return true;
    }

    private bool Sent(int stay, ulong source, int session) => Readers.Exists(reader => reader.Session == stay && reader.Sent(session, source));

    private byte[]? Config(byte[] frame, bool exact)
    {
        if (frame.Length < 32) return Error(frame, 2);
        var length = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(30));
        if (length > 1024 || 32 + length > frame.Length) return Error(frame, 2);
        var (command, text, error) = ((byte)(frame[29] & 0xF), frame[32..(32 + length)], (byte)0);
        switch (command)
        {
            case 0:
                break;
            case 1:
                if (!_configString.SequenceEqual(text)) return null;
                break;
            case 2:
                if (!_configString.AsSpan().StartsWith(text)) return null;
                break;
            case 3 or 4:
                if (!exact) return null;
                if (settings.Managed) return Error(frame, 6);
                if (command == 3 && _configString.Length > 0 && !_configString.SequenceEqual(text)) error = 4;
                else _configString = text;
                break;
            default:
                return Error(frame, 2);
        }
        byte[] answer =
        [
            .. Error(frame, error), 0, 128, 0, 1, (byte)settings.SectorsPerFrame, (byte)(0x10 | command),
            (byte)(_configString.Length >> 8), (byte)_configString.Length, .. _configString,
        ];
        // One that was filled up is answered by as many bytes, unless it went to all.
        var filled = Math.Min(frame.Length, settings.Mtu + 14);
        return error == 0 && exact && filled > answer.Length ? [.. answer, .. new byte[filled - answer.Length]] : answer;
    }

    private byte[]? Mask(byte[] frame, bool exact)
    {
        if (frame.Length < 28 || 28 + frame[27] * 8 > frame.Length || frame[25] > 1) return Error(frame, 2);
        byte failure = 0;
        if (frame[25] == 1)
        {
            if (!exact) return null;
            if (settings.Managed) return Error(frame, 6);
            List<ulong> edited = [.. _masks];
            for (var at = 28; at < 28 + frame[27] * 8 && failure == 0; at += 8)
            {
                var mac = Address(frame, at + 2);
                if (frame[at + 1] > 2) failure = 2;
                else if (frame[at + 1] == 2) edited.Remove(mac);
                else if (frame[at + 1] == 1 && !edited.Contains(mac)) edited.Add(mac);
            }
            if (failure == 0 && edited.Count > Math.Min(255, (settings.Mtu - 14) / 8)) failure = 3;
            if (failure == 0) _masks = edited;
        }
        return [.. Error(frame, 0), 0, frame[25], failure, (byte)_masks.Count, .. _masks.SelectMany(mac => (byte[])[0, 1, .. Bytes(mac)])];
    }

    private byte[]? Reserve(byte[] frame, ulong source, bool exact)
    {
        if (frame.Length < 26 || 26 + frame[25] * 6 > frame.Length || frame[24] > 2) return Error(frame, 2);
        byte error = 0;
        if (frame[24] != 0)
        {
            if (!exact) return null;
            if (settings.Managed) return Error(frame, 6);
            if (frame[24] == 1 && _reservers.Count > 0 && !_reservers.Contains(source))
            {
                error = 6;
            }
            else
            {
                List<ulong> wanted = [.. Enumerable.Range(0, frame[25]).Select(i => Address(frame, 26 + i * 6)).Distinct()];
                if (wanted.Count > (settings.Mtu - 12) / 6) return Error(frame, 2);
                _reservers.Clear();
                _reservers.AddRange(wanted);
            }
        }
        return [.. Error(frame, error), frame[24], (byte)_reservers.Count, .. _reservers.SelectMany(Bytes)];
    }

    // The header of the answer; with an error of AoE it is all of it, most of the time.
    private byte[] Error(byte[] frame, byte error) =>
    [
        .. frame[6..12], .. Bytes(FuzzLink.Ours.Value), 0x88, 0xA2, (byte)(error == 0 ? 0x18 : 0x1C), error,
        (byte)(settings.Shelf >> 8), (byte)settings.Shelf, settings.Slot, .. frame[19..24],
    ];

    private byte[] Registers(byte[] frame, byte status, byte error, ReadOnlySpan<byte> data = default) =>
        [.. Error(frame, 0), frame[24], error, frame[26], status, .. frame[28..34], 0, 0, .. data];

    private static byte Complement(byte[] data) => (byte)-data.Sum(b => b);

    private static long Lba(byte[] frame)
    {
        long lba = 0;
        for (var i = 0; i < 6; i++) lba |= (long)frame[28 + i] << (8 * i);
        return lba;
    }

    private static ulong Address(byte[] frame, int at)
    {
        ulong address = 0;
        for (var i = 0; i < 6; i++) address = address << 8 | frame[at + i];
        return address;
    }

    private static byte[] Bytes(ulong address) => [.. Enumerable.Range(0, 6).Select(i => (byte)(address >> (40 - 8 * i)))];

    private sealed class Cache(uint enabledBy, long process)
    {
        public uint EnabledBy => enabledBy;

        public long Process => process;

        public Dictionary<uint, (uint Tag, long Lba)> Writes { get; } = [];
    }
}
