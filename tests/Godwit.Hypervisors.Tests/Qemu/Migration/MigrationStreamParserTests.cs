using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Godwit.Hypervisors.Qemu.Migration;
using Outcome = Godwit.Hypervisors.Qemu.Migration.MigrationStreamParser.Outcome;

namespace Godwit.Hypervisors.Tests.Qemu.Migration;

public class MigrationStreamParserTests
{
    private const byte Start = 1, Part = 2, End = 3, Full = 4, Configuration = 7, Command = 8, Footer = 0x7e;

    [Fact]
    public void The_end_of_memory_is_found_to_the_byte_however_the_stream_is_cut()
    {
        var (stream, boundary) = Sample();
        Gen.Int[1, 9000].Array[1, 200].Sample(cuts => Assert.Equal(boundary, FindBoundary(stream, cuts)));
        Gen.Int[1, 7].Array[1, 200].Sample(cuts => Assert.Equal(boundary, FindBoundary(stream, cuts)), iter: 20);
        Assert.Equal(boundary, FindBoundary(stream, [1]));
        Assert.Equal(Outcome.MemoryPassed, new MigrationStreamParser().Take(stream));
    }

    [Fact]
    public void A_stream_that_breaks_off_is_still_followed()
    {
        var (stream, boundary) = Sample();
        Assert.Equal(Outcome.Following, new MigrationStreamParser().Take(stream.AsSpan(0, boundary - 1)));
    }

    [Fact]
    public void Any_bytes_are_borne_and_nothing_is_found_in_noise()
    {
        Gen.Byte.Array[8, 3000].Sample(bytes => Assert.Equal(Outcome.Lost, new MigrationStreamParser().Take(bytes)));
        var (stream, _) = Sample();
        Gen.Select(Gen.Select(Gen.Int[0, stream.Length - 1], Gen.Byte).Array[1, 20], Gen.Int[1, 5000].Array[1, 50])
            .Sample((changes, cuts) =>
            {
                var damaged = stream.ToArray();
                foreach (var (at, value) in changes) damaged[at] = value;
                Assert.InRange(FindBoundary(damaged, cuts), -1, damaged.Length);
            });
    }

    /// <summary>Offset of the first byte after memory; -1 when it is not found.</summary>
    internal static int FindBoundary(ReadOnlySpan<byte> stream, int[] cuts)
    {
        var parser = new MigrationStreamParser();
        for (int at = 0, i = 0; at < stream.Length; i++)
        {
            var length = Math.Min(cuts[i % cuts.Length], stream.Length - at);
            var outcome = parser.Take(stream.Slice(at, length));
            if (outcome == Outcome.Lost) return -1;
            // Find it to the byte: one more byte at a time through the chunk that held it.
            if (outcome == Outcome.MemoryPassed) return FindInChunk(stream, at, length, cuts);
            at += length;
        }
        return -1;
    }

    private static int FindInChunk(ReadOnlySpan<byte> stream, int chunk, int length, int[] cuts)
    {
        var parser = new MigrationStreamParser();
        for (int at = 0, i = 0; at < chunk; i++)
        {
            var step = Math.Min(cuts[i % cuts.Length], stream.Length - at);
            parser.Take(stream.Slice(at, step));
            at += step;
        }
        for (var i = 0; i < length; i++)
            if (parser.Take(stream.Slice(chunk + i, 1)) == Outcome.MemoryPassed) return chunk + i + 1;
        return -1;
    }

    /// <summary>A stream with every kind of item, and page bodies that look like sections.</summary>
    private static (byte[] Stream, int Boundary) Sample()
    {
        var s = new StreamBuilder();
        s.U32(0x5145564d).U32(3);
        s.U8(Configuration).U32(10).Bytes("pc-q35-7.2"u8);
        s.U8(Command).U16(1).U16(0).U8(Command).U16(3).U16(4).U32(0);
        s.U8(Start).U32(2).Name("ram").U32(0).U32(4);
        s.U64(0x200000 | 0x04).Name("pc.ram").U64(0x1f0000).Name("pc.bios").U64(0x10000).U64(0x10);
        s.U8(Footer).U32(2);
        for (var round = 0; round < 3; round++)
        {
            s.U8(round == 2 ? End : Part).U32(2);
            s.U64(0x0000 | 0x08).Name("pc.ram").Page(0x7e);
            for (ulong page = 1; page < 40; page++)
                if (page % 3 == 0) s.U64(page << 12 | 0x08 | 0x20).Page(3);
                else s.U64(page << 12 | 0x02 | 0x20).U8(0);
            s.U64(0x3000 | 0x40 | 0x20).U8(1).U16(300).Bytes(new byte[300]);
            s.U64(0x200).U64(0x4000 | 0x02).Name("pc.bios").U8(0).U64(0x10);
            s.U8(Footer).U32(2);
        }
        var boundary = s.Length;
        s.U8(Full).U32(3).Name("timer").U32(0).U32(2).Bytes(new byte[24]).U8(Footer).U32(3).U8(0);
        return (s.ToArray(), boundary);
    }

    private sealed class StreamBuilder
    {
        private readonly List<byte> _bytes = [];

        public int Length => _bytes.Count;

        public byte[] ToArray() => _bytes.ToArray();

        public StreamBuilder U8(byte value) => Bytes([value]);

        public StreamBuilder U16(ushort value)
        {
            var bytes = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
            return Bytes(bytes);
        }

        public StreamBuilder U32(uint value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            return Bytes(bytes);
        }

        public StreamBuilder U64(ulong value)
        {
            var bytes = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
            return Bytes(bytes);
        }

        public StreamBuilder Name(string name) => U8((byte)name.Length).Bytes(Encoding.ASCII.GetBytes(name));

        public StreamBuilder Page(byte fill)
        {
            var page = new byte[4096];
            Array.Fill(page, fill);
            return Bytes(page);
        }

        public StreamBuilder Bytes(ReadOnlySpan<byte> bytes)
        {
            _bytes.AddRange(bytes);
            return this;
        }
    }
}
