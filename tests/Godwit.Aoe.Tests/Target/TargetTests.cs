using System.Text;
using CsCheck;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Tests.Target;

public sealed class TargetTests : IDisposable
{
    private static readonly MacAddress A = TargetBench.HostA, B = TargetBench.HostB;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static byte[] Sectors(byte value, int count = 1) => [.. Enumerable.Repeat(value, 512 * count)];

    private ExportSettings Kept => new() { Address = TargetBench.Address, Path = "memory", StateDirectory = _directory.Path };

    [Fact]
    public void A_write_is_durable_before_it_is_answered()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        Assert.True(bench.Ata(AtaCommand.WriteExt, 1, 2, Sectors(7, 2)).Good);
        Assert.Equal(bench.Medium.Data, bench.Medium.Durable);
        Assert.Equal(7, bench.Medium.Durable[512]);
    }

    [Fact]
    public void With_the_write_cache_on_a_flush_makes_it_durable_and_only_for_who_asked()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        Assert.True(bench.Ata(AtaCommand.SetFeatures, feature: AtaCommand.EnableWriteCache).Good);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 1, Sectors(1)).Good);
        Assert.Equal(0, bench.Medium.Syncs);
        Assert.True(bench.Ata(AtaCommand.FlushCacheExt).Good);
        Assert.Equal(1, bench.Medium.Durable[0]);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 1, 1, Sectors(2), B).Good);
        Assert.Equal(2, bench.Medium.Durable[512]);
        Assert.True(bench.Ata(AtaCommand.SetFeatures, feature: AtaCommand.DisableWriteCache).Good);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 2, 1, Sectors(3)).Good);
        Assert.Equal(3, bench.Medium.Durable[1024]);
    }

    [Fact]
    public void What_a_program_of_a_host_has_promised_is_no_promise_of_its_kernels_driver()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        Assert.True(bench.Ata(AtaCommand.SetFeatures, feature: AtaCommand.EnableWriteCache).Good);
        var write = TargetBench.Request(AtaCommand.WriteExt, 0, 1, Sectors(5));
        // Tags of the driver have bit 31 clear.
        write[20] &= 0x7F;
        Assert.Single(bench.Send(write));
        Assert.Equal(5, bench.Medium.Durable[0]);
    }

    /// <summary>After 2^20 frames a tag comes again; what was read meanwhile counts as well as what was written.</summary>
    [Fact]
    public void A_write_under_a_tag_that_comes_again_is_executed()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        Assert.True(bench.Ata(AtaCommand.SetFeatures, feature: AtaCommand.EnableWriteCache, session: 5, sequence: 1).Good);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 3, 1, Sectors(1), session: 5, sequence: 2).Good);
        // A copy of it is not.
        Assert.True(bench.Ata(AtaCommand.WriteExt, 3, 1, Sectors(9), session: 5, sequence: 2).Good);
        Assert.Equal(1, bench.Medium.Data[3 * 512]);
        Assert.True(bench.Ata(AtaCommand.ReadExt, 0, 1, session: 5, sequence: 2 + (1 << 14)).Good);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 3, 1, Sectors(2), session: 5, sequence: 2).Good);
        Assert.Equal(2, bench.Medium.Data[3 * 512]);
    }

    [Fact]
    public void Turning_the_write_cache_off_makes_durable_what_it_held()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        Assert.True(bench.Ata(AtaCommand.SetFeatures, feature: AtaCommand.EnableWriteCache).Good);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 1, Sectors(1)).Good);
        Assert.Equal(0, bench.Medium.Durable[0]);
        Assert.True(bench.Ata(AtaCommand.SetFeatures, feature: AtaCommand.DisableWriteCache).Good);
        Assert.Equal(1, bench.Medium.Durable[0]);
    }

    [Fact]
    public void One_sync_serves_all_writes_that_came_together()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        for (uint i = 0; i < 20; i++) bench.Queue(TargetBench.Request(AtaCommand.WriteExt, i, 1, Sectors((byte)i), sequence: i));
        Assert.Equal(20, bench.Step().Count);
        Assert.Equal(1, bench.Medium.Syncs);
    }

    [Fact]
    public void A_failing_medium_gives_errors_and_a_failed_sync_stays_failed()
    {
        var bench = new TargetBench(new MemoryMedium(64) { FailReads = true });
        Assert.Equal(AtaStatus.Uncorrectable, bench.Ata(AtaCommand.ReadExt, 0, 1).Error);
        bench.Medium.FailWrites = true;
        Assert.False(bench.Ata(AtaCommand.WriteExt, 0, 1, Sectors(1)).Good);
        bench.Medium.FailWrites = false;
        bench.Medium.FailSyncs = true;
        Assert.False(bench.Ata(AtaCommand.WriteExt, 0, 1, Sectors(1)).Good);
        // The kernel would call the next sync good though the data is gone.
        bench.Medium.FailSyncs = false;
        Assert.False(bench.Ata(AtaCommand.FlushCache).Good);
        Assert.False(bench.Ata(AtaCommand.WriteExt, 0, 1, Sectors(1)).Good);
        Assert.False(bench.Export.Status([]).ServesWrites);
    }

    [Fact]
    public void A_trim_makes_zeroes_of_all_its_ranges_or_does_nothing()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        for (var i = 0; i < 64; i++) bench.Medium.Data[i * 512] = 1;
        Assert.True(bench.Ata(AtaCommand.DataSetManagement, 0, 1, Ranges((2, 3), (0, 0), (60, 4)), feature: AtaCommand.Trim).Good);
        Assert.Equal([2, 3, 4, 60, 61, 62, 63], Enumerable.Range(0, 64).Where(i => bench.Medium.Data[i * 512] == 0));
        Assert.Equal(1, bench.Medium.Durable[512]);
        Assert.Equal(0, bench.Medium.Durable[2 * 512]);

        var outside = bench.Ata(AtaCommand.DataSetManagement, 0, 1, Ranges((10, 1), (63, 2)), feature: AtaCommand.Trim);
        Assert.Equal((false, AtaStatus.IdNotFound), (outside.Good, outside.Error));
        Assert.False(bench.Ata(AtaCommand.DataSetManagement, 0, 1, Ranges((10, 1)), feature: 0).Good);
        Assert.Equal(AoeError.BadArgument, bench.Ata(AtaCommand.DataSetManagement, 0, 2, Ranges((10, 1)), feature: AtaCommand.Trim).AoeError);
        Assert.Equal(AoeError.BadArgument, bench.Ata(AtaCommand.DataSetManagement, 0, 0, Ranges((10, 1)), feature: AtaCommand.Trim).AoeError);
        // One block of ranges is what IDENTIFY allows.
        Assert.True(bench.Ata(AtaCommand.DataSetManagement, 0, 2, [.. Ranges((10, 1)), .. Ranges((11, 1))], feature: AtaCommand.Trim).Aborted);
        Assert.Equal(1, bench.Medium.Data[10 * 512]);
        bench.Medium.FailWrites = true;
        Assert.Equal(AtaStatus.Fault, (byte)(bench.Ata(AtaCommand.DataSetManagement, 0, 1, Ranges((10, 1)), feature: AtaCommand.Trim).Status & AtaStatus.Fault));

        bench = new TargetBench(new MemoryMedium(64), settings: Kept with { ReadOnly = true });
        Assert.False(bench.Ata(AtaCommand.DataSetManagement, 0, 1, Ranges((10, 1)), feature: AtaCommand.Trim).Good);
    }

    [Fact]
    public void Where_the_medium_cannot_have_holes_there_is_no_trim_and_no_fault()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        bench.Medium.Data[0] = 1;
        bench.Medium.Trims = false;
        Assert.True(AtaIdentity.TryRead(bench.Ata(AtaCommand.Identify, sectors: 1).Data, out var identity) && !identity.Trims);
        var answer = bench.Ata(AtaCommand.DataSetManagement, 0, 1, Ranges((0, 1)), feature: AtaCommand.Trim);
        Assert.True(answer.Aborted && (answer.Status & AtaStatus.Fault) == 0);
        Assert.Equal(1, bench.Medium.Data[0]);
    }

    [Fact]
    public void With_a_write_cache_for_all_nothing_waits_for_the_medium_but_a_flush()
    {
        var bench = new TargetBench(new MemoryMedium(64), settings: Kept with { WriteCache = true });
        Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 1, Sectors(1)).Good);
        Assert.Equal((0, 0), (bench.Medium.Syncs, bench.Medium.Durable[0]));
        Assert.True(bench.Ata(AtaCommand.FlushCache).Good);
        Assert.Equal(1, bench.Medium.Durable[0]);
        Assert.True(AtaIdentity.TryRead(bench.Ata(AtaCommand.Identify, sectors: 1).Data, out var identity) && identity.WriteCache && identity.Trims);
    }

    /// <summary>As ATA has it: a write cache that is turned off keeps nothing, though it was given to all.</summary>
    [Fact]
    public void Who_turns_off_the_write_cache_for_all_gets_durable_writes_and_others_do_not()
    {
        var bench = new TargetBench(new MemoryMedium(64), settings: Kept with { WriteCache = true });
        bool Caches(MacAddress from) => AtaIdentity.TryRead(bench.Ata(AtaCommand.Identify, sectors: 1, from: from).Data, out var identity) && identity.WriteCache;
        Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 1, Sectors(1), A).Good);
        Assert.Equal(0, bench.Medium.Durable[0]);
        Assert.True(bench.Ata(AtaCommand.SetFeatures, from: A, feature: AtaCommand.DisableWriteCache).Good);
        Assert.Equal(1, bench.Medium.Durable[0]);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 1, 1, Sectors(2), A).Good);
        Assert.Equal(2, bench.Medium.Durable[512]);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 2, 1, Sectors(3), B).Good);
        Assert.Equal(0, bench.Medium.Durable[1024]);
        Assert.Equal((false, true), (Caches(A), Caches(B)));
        Assert.True(bench.Ata(AtaCommand.SetFeatures, from: A, feature: AtaCommand.EnableWriteCache).Good);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 3, 1, Sectors(4), A).Good);
        Assert.Equal(0, bench.Medium.Durable[3 * 512]);
        // Where so many have that no more can be remembered, it is not promised.
        for (var i = 0; i < 1024; i++) Assert.True(bench.Ata(AtaCommand.SetFeatures, from: new MacAddress((ulong)(0x02_00_00_00_10_00 + i)), feature: AtaCommand.DisableWriteCache).Good);
        Assert.True(bench.Ata(AtaCommand.SetFeatures, from: A, feature: AtaCommand.DisableWriteCache).Aborted);
        Assert.True(Caches(A));
    }

    [Fact]
    public void Only_the_addresses_that_are_allowed_are_answered()
    {
        var bench = new TargetBench(new MemoryMedium(64), settings: Kept with { Macs = [TargetBench.HostB] });
        Assert.Empty(bench.Send(TargetBench.Request(AtaCommand.Identify, 0, 1, from: TargetBench.HostA)));
        Assert.Single(bench.Send(TargetBench.Request(AtaCommand.Identify, 0, 1, from: TargetBench.HostB)));
    }

    private static byte[] Ranges(params (long First, int Sectors)[] ranges)
    {
        var list = new byte[512];
        for (var i = 0; i < ranges.Length; i++) new TrimRange(ranges[i].First, ranges[i].Sectors).Write(list.AsSpan(i * TrimRange.Bytes));
        return list;
    }

    [Fact]
    public void Frames_are_as_large_as_the_interface_takes_at_the_moment()
    {
        var bench = new TargetBench(new MemoryMedium(64), mtu: 1500);
        Assert.Equal(AoeError.BadArgument, bench.Ata(AtaCommand.ReadExt, 0, 3).AoeError);
        bench.Mtu = 9000;
        Assert.Equal(17 * 512, bench.Ata(AtaCommand.ReadExt, 0, 17).Data.Length);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 17, new byte[17 * 512]).Good);
        bench.Mtu = 1500;
        Assert.Equal(AoeError.BadArgument, bench.Ata(AtaCommand.ReadExt, 0, 17).AoeError);
    }

    [Fact]
    public void Smart_tells_of_a_medium_that_failed()
    {
        const long signature = 0xC24F00, exceeded = 0x2CF400;
        const byte readData = 0xD0, returnStatus = 0xDA;
        var bench = new TargetBench(new MemoryMedium(64));
        long Status()
        {
            var frame = Assert.Single(bench.Send(TargetBench.Request(AtaCommand.Smart, signature, feature: returnStatus)));
            Assert.True(AtaSection.TryRead(frame, out var ata) == MalformedFrame.No && (ata.Command & AtaStatus.AnyFailure) == 0);
            return ata.Lba;
        }
        Assert.Equal(signature, Status());
        var page = bench.Ata(AtaCommand.Smart, signature, feature: readData).Data;
        Assert.Equal((512, 0), (page.Length, page.Aggregate((byte)0, (sum, b) => (byte)(sum + b))));
        Assert.True(bench.Ata(AtaCommand.Smart, 0, feature: returnStatus).Aborted);
        Assert.True(bench.Ata(AtaCommand.Smart, signature, feature: 0xD5).Aborted);
        bench.Medium.FailSyncs = true;
        Assert.False(bench.Ata(AtaCommand.FlushCache).Good);
        Assert.Equal(exceeded, Status());
    }

    [Fact]
    public void The_ends_of_the_disk_hold()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        Assert.True(bench.Ata(AtaCommand.ReadExt, 63, 1).Good);
        Assert.Equal(AtaStatus.IdNotFound, bench.Ata(AtaCommand.ReadExt, 63, 2).Error);
        Assert.Equal(AtaStatus.IdNotFound, bench.Ata(AtaCommand.WriteExt, (1L << 48) - 1, 1, Sectors(1)).Error);
        Assert.Equal(AoeError.BadArgument, bench.Ata(AtaCommand.ReadExt, 0, 18).AoeError);
        Assert.Equal(AoeError.BadArgument, bench.Ata(AtaCommand.ReadExt, 0, 0).AoeError);
        Assert.Equal(AoeError.BadArgument, bench.Ata(AtaCommand.WriteExt, 0, 2, Sectors(1)).AoeError);
    }

    [Fact]
    public void A_read_only_export_refuses_writes()
    {
        var bench = new TargetBench(new MemoryMedium(64), settings: new ExportSettings { Address = TargetBench.Address, Path = "m", ReadOnly = true });
        Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 1, Sectors(1)).Aborted);
        Assert.True(bench.Ata(AtaCommand.ReadExt, 0, 1).Good);
    }

    /// <summary>Random commands against a plain array that does the same.</summary>
    [Fact]
    public void It_does_what_a_disk_does() =>
        Gen.Select(Gen.Int[0, 3], Gen.Long[0, 66], Gen.Int[0, 18], Gen.Byte).Array[1, 60].Sample(steps =>
        {
            var bench = new TargetBench(new MemoryMedium(64));
            var model = new byte[64 * 512];
            foreach (var (what, lba, count, fill) in steps)
            {
                var fits = count is >= 1 and <= 17;
                var inside = lba + count <= 64;
                var region = inside ? model.AsSpan((int)lba * 512, count * 512) : default;
                if (what is 0 or 1)
                {
                    var answer = bench.Ata(what == 0 ? AtaCommand.WriteExt : AtaCommand.Write, lba, count, Sectors(fill, Math.Min(count, 17)));
                    Assert.Equal(fits && inside, answer.Good);
                    if (answer.Good) region.Fill(fill);
                }
                else if (what == 2)
                {
                    var answer = bench.Ata(AtaCommand.ReadExt, lba, count);
                    Assert.Equal(fits && inside, answer.Good);
                    if (answer.Good) Assert.True(region.SequenceEqual(answer.Data));
                }
                else
                {
                    Assert.True(bench.Ata(AtaCommand.FlushCacheExt).Good);
                    Assert.Equal(bench.Medium.Data, bench.Medium.Durable);
                }
                Assert.Equal(model, bench.Medium.Data);
            }
        }, iter: 300);

    /// <summary>Frames from plausible to absurd: no exception, and none of them makes more than one answer.</summary>
    [Fact]
    public void Hostile_frames_do_no_harm()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        var random = new Random(4711);
        var frame = new byte[1200];
        long answers = 0;
        for (var i = 0; i < 250_000; i++)
        {
            random.NextBytes(frame.AsSpan(0, 64));
            var length = random.Next(0, i % 50 == 0 ? frame.Length : 80);
            if (random.Next(10) > 0)
            {
                AoeHeader.Request(new MacAddress(1), A, random.Next(3) == 0 ? AoeAddress.Broadcast : TargetBench.Address,
                    (AoeCommand)random.Next(6), (uint)random.Next()).Write(frame);
                if (random.Next(8) == 0) frame[14] = (byte)random.Next(256);
            }
            var got = bench.Send(frame.AsSpan(0, length));
            Assert.True(got.Count <= 1);
            answers += got.Count;
        }
        Assert.True(answers > 10_000);
        Assert.Equal(64 * 512, bench.Medium.Data.Length);
    }
}
