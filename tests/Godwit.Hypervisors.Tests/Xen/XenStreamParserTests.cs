using CsCheck;
using Godwit.Hypervisors.Xen.Migration;
using Outcome = Godwit.Hypervisors.Xen.Migration.XenStreamParser.Outcome;

namespace Godwit.Hypervisors.Tests.Xen;

public class XenStreamParserTests
{
    /// <summary>Before it lie the last page's record, and after it a record of 24 bytes, one of 4096, and the processor's.</summary>
    private const int AfterMemory = 8 + 24 + 8 + 4096 + 8 + 5176 + 8 + 72 + 8 + 8;

    /// <summary>That record.</summary>
    private const int AfterFirstRecord = 8 + 24;

    /// <summary>The last record of pages has 248 of them: with it the stream is short enough to be cut in many ways.</summary>
    private static byte[] Beginning => RecordedOutput.Stream[..40_000];

    [Fact]
    public void The_end_of_memory_is_found_with_the_first_record_that_is_not_one_of_pages()
    {
        var stream = RecordedOutput.Stream;
        var parser = new XenStreamParser();
        // The header of that record is what shows it.
        Assert.Equal(Outcome.Following, parser.Take(stream.AsSpan(0, stream.Length - AfterMemory + 7)));
        Assert.Equal(Outcome.MemoryPassed, parser.Take(stream.AsSpan(stream.Length - AfterMemory + 7, 1)));
        Assert.Equal(4, parser.Round);
        Assert.InRange(parser.MemoryBytes, 96L << 20, 100L << 20);
    }

    [Fact]
    public void The_stream_ends_with_its_last_byte()
    {
        var stream = RecordedOutput.Stream;
        var parser = new XenStreamParser();
        Assert.Equal(Outcome.MemoryPassed, parser.Take(stream.AsSpan(0, stream.Length - 1)));
        Assert.Equal(Outcome.Ended, parser.Take(stream.AsSpan(stream.Length - 1)));
        Assert.Equal(4, parser.Round);
    }

    [Fact]
    public void Pages_after_the_end_of_memory_are_not_believed()
    {
        var stream = RecordedOutput.Stream.ToArray();
        // Of the first record after memory the type: it is one of pages.
        stream[stream.Length - AfterMemory + AfterFirstRecord] = 1;
        Assert.Equal(Outcome.Lost, new XenStreamParser().Take(stream));
    }

    [Fact]
    public void It_is_the_same_however_the_stream_is_cut() => Gen.Int[1, 300_000].Array[1, 100].Sample(cuts =>
    {
        var parser = new XenStreamParser();
        var stream = RecordedOutput.Stream.AsSpan(0, RecordedOutput.Stream.Length - AfterMemory + 8);
        for (var i = 0; !stream.IsEmpty; i++)
        {
            var length = Math.Min(cuts[i % cuts.Length], stream.Length);
            Assert.Equal(length == stream.Length ? Outcome.MemoryPassed : Outcome.Following, parser.Take(stream[..length]));
            stream = stream[length..];
        }
        Assert.Equal(4, parser.Round);
    }, iter: 20);

    [Fact]
    public void Byte_by_byte_the_headers_are_followed_too()
    {
        var parser = new XenStreamParser();
        foreach (var one in Beginning) Assert.Equal(Outcome.Following, parser.Take([one]));
        Assert.Equal(1, parser.Round);
    }

    [Fact]
    public void Any_bytes_are_borne_and_nothing_is_found_in_noise()
    {
        Gen.Byte.Array[48, 3000].Sample(bytes => Assert.Equal(Outcome.Lost, new XenStreamParser().Take(bytes)));
        var beginning = Beginning;
        Gen.Select(Gen.Select(Gen.Int[0, 4000], Gen.Byte).Array[1, 20], Gen.Int[1, 5000].Array[1, 50]).Sample((changes, cuts) =>
        {
            var damaged = beginning.ToArray();
            foreach (var (at, value) in changes) damaged[at] = value;
            var parser = new XenStreamParser();
            for (int at = 0, i = 0; at < damaged.Length; i++)
            {
                var length = Math.Min(cuts[i % cuts.Length], damaged.Length - at);
                parser.Take(damaged.AsSpan(at, length));
                at += length;
            }
            Assert.InRange(parser.Round, 0, damaged.Length);
        });
    }
}
