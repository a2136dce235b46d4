using System.Text;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Tests.Target;

/// <summary>Config string, reservations and masks, which initiators change by frames and which outlive the target.</summary>
public sealed class InBandTests : IDisposable
{
    private static readonly MacAddress A = TargetBench.HostA, B = TargetBench.HostB;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private ExportSettings Kept => new() { Address = TargetBench.Address, Path = "memory", StateDirectory = _directory.Path };

    [Fact]
    public void The_config_string_is_a_compare_and_set_that_survives_a_restart()
    {
        var bench = new TargetBench(new MemoryMedium(64), settings: Kept);
        Assert.Equal(("", AoeError.None), Config(bench, ConfigCommand.Read, ""));
        Assert.Equal(("one", AoeError.None), Config(bench, ConfigCommand.Set, "one"));
        Assert.Equal(("one", AoeError.ConfigStringPresent), Config(bench, ConfigCommand.Set, "two"));
        bench = new TargetBench(new MemoryMedium(64), settings: Kept);
        Assert.Equal(("one", AoeError.None), Config(bench, ConfigCommand.Test, "one"));
        Assert.Null(Config(bench, ConfigCommand.Test, "on"));
        Assert.Equal(("one", AoeError.None), Config(bench, ConfigCommand.TestPrefix, "on"));
        Assert.Equal(("two", AoeError.None), Config(bench, ConfigCommand.ForceSet, "two"));
    }

    [Fact]
    public void Reservations_keep_others_out_also_after_a_restart()
    {
        var bench = new TargetBench(new MemoryMedium(64), settings: Kept);
        Assert.Equal(AoeError.None, Reserve(bench, A, ReserveCommand.Set, A));
        Assert.Equal(AoeError.TargetIsReserved, Reserve(bench, B, ReserveCommand.Set, B));
        bench = new TargetBench(new MemoryMedium(64), settings: Kept);
        Assert.Equal(AoeError.TargetIsReserved, bench.Ata(AtaCommand.ReadExt, 0, 1, from: B).AoeError);
        Assert.True(bench.Ata(AtaCommand.ReadExt, 0, 1, from: A).Good);
        Assert.Equal(AoeError.None, Reserve(bench, B, ReserveCommand.ForceSet));
        Assert.True(bench.Ata(AtaCommand.ReadExt, 0, 1, from: B).Good);
    }

    [Fact]
    public void So_many_reservers_as_the_count_holds_are_kept_over_a_restart()
    {
        MacAddress[] hosts = [A, .. Enumerable.Range(1, 254).Select(i => new MacAddress(0x02_00_00_00_10_00 + (ulong)i))];
        var bench = new TargetBench(new MemoryMedium(64), settings: Kept);
        Assert.Equal(AoeError.None, Reserve(bench, A, ReserveCommand.Set, hosts));
        bench = new TargetBench(new MemoryMedium(64), settings: Kept);
        foreach (var host in hosts) Assert.True(bench.Ata(AtaCommand.ReadExt, 0, 1, from: host).Good);
        Assert.Equal(AoeError.TargetIsReserved, bench.Ata(AtaCommand.ReadExt, 0, 1, from: B).AoeError);
        Assert.Equal(hosts, Reservers(bench, B));
        Assert.Equal(AoeError.None, Reserve(bench, hosts[254], ReserveCommand.Set));
        Assert.True(bench.Ata(AtaCommand.ReadExt, 0, 1, from: B).Good);
    }

    /// <summary>A list that has no room in a frame could not be told, and who asks for it would wait for ever.</summary>
    [Fact]
    public void Lists_do_not_grow_to_what_the_interface_cannot_tell()
    {
        var hosts = Enumerable.Range(1, 255).Select(i => new MacAddress(0x02_00_00_00_10_00 + (ulong)i)).ToList();
        var bench = new TargetBench(new MemoryMedium(64), settings: Kept, mtu: 1500);
        Assert.Equal((AoeError.None, MaskError.None, 100), Mask(bench, A, MaskChange.Add, [A, .. hosts.Take(99)]));
        Assert.Equal((AoeError.None, MaskError.None, 185), Mask(bench, A, MaskChange.Add, [.. hosts.Skip(99).Take(85)]));
        Assert.Equal((AoeError.None, MaskError.ListFull, 185), Mask(bench, A, MaskChange.Add, [hosts[200]]));
        bench.Mtu = 9000;
        Assert.Equal((AoeError.None, MaskError.None, 255), Mask(bench, A, MaskChange.Add, [.. hosts.Skip(184).Take(70)]));
        Assert.Equal((AoeError.None, MaskError.ListFull, 255), Mask(bench, A, MaskChange.Add, [hosts[254]]));
        bench.Mtu = 1500;
        // Said, and nothing done; what brings it to a length that can be told is done.
        Assert.Equal((AoeError.BadArgument, MaskError.None, 0), Mask(bench, A, null, []));
        Assert.Equal((AoeError.BadArgument, MaskError.None, 0), Mask(bench, A, MaskChange.Delete, [hosts[0]]));
        Assert.Equal((AoeError.None, MaskError.None, 155), Mask(bench, A, MaskChange.Delete, [.. hosts.Take(100)]));

        bench.Mtu = 9000;
        Assert.Equal(AoeError.None, Reserve(bench, A, ReserveCommand.Set, [A, .. hosts.Skip(120).Take(125)]));
        Assert.Equal(AoeError.None, Reserve(bench, A, ReserveCommand.Set, [A, .. hosts.Take(249)]));
        bench.Mtu = 1500;
        Assert.Null(Reservers(bench, A));
        Assert.Equal(AoeError.BadArgument, Reserve(bench, A, ReserveCommand.ForceSet, [.. hosts.Take(249)]));
        Assert.Equal(AoeError.None, Reserve(bench, A, ReserveCommand.ForceSet, [.. hosts.Take(248)]));
        Assert.Equal(248, Reservers(bench, A)!.Count);
    }

    [Fact]
    public void A_change_that_cannot_be_kept_is_refused_as_the_device_is_unavailable()
    {
        var gone = Kept with { StateDirectory = _directory.File("gone") };
        Directory.CreateDirectory(gone.StateDirectory);
        var bench = new TargetBench(new MemoryMedium(64), settings: gone);
        Assert.Equal(AoeError.None, Reserve(bench, A, ReserveCommand.Set, A));
        Directory.Delete(gone.StateDirectory, recursive: true);
        Assert.Equal(AoeError.DeviceUnavailable, Reserve(bench, A, ReserveCommand.ForceSet, B));
        Assert.Equal(AoeError.DeviceUnavailable, Mask(bench, A, MaskChange.Add, [A]).Item1);
        Assert.Equal(AoeError.DeviceUnavailable, Config(bench, ConfigCommand.Set, "one")!.Value.Item2);
        Assert.Equal([A], Reservers(bench, A));
        // Damaged, so that nobody knows what is changed.
        Directory.CreateDirectory(gone.StateDirectory);
        File.WriteAllText(gone.InBandPath, "x");
        bench = new TargetBench(new MemoryMedium(64), settings: gone);
        Assert.Equal(AoeError.DeviceUnavailable, Reserve(bench, A, ReserveCommand.ForceSet, B));
    }

    [Fact]
    public void Masks_make_the_target_deaf_to_others()
    {
        var bench = new TargetBench(new MemoryMedium(64), settings: Kept);
        var frame = new byte[200];
        AoeHeader.Request(new MacAddress(1), A, TargetBench.Address, AoeCommand.MacMaskList, 1).Write(frame);
        var length = MaskSection.Write(frame, MaskCommand.Edit, MaskError.None, [new MaskDirective(MaskChange.Add, A)]);
        var answer = Assert.Single(bench.Send(frame.AsSpan(0, length)));
        Assert.Equal(MalformedFrame.No, MaskSection.TryRead(answer, out var mask));
        Assert.Equal((1, A), (mask.Count, mask[0].Mac));
        bench = new TargetBench(new MemoryMedium(64), settings: Kept);
        Assert.Empty(bench.Send(TargetBench.Request(AtaCommand.ReadExt, 0, 1, from: B)));
        Assert.Single(bench.Send(TargetBench.Request(AtaCommand.ReadExt, 0, 1, from: A)));
    }

    [Fact]
    public void A_damaged_state_serves_no_writes()
    {
        _ = Reserve(new TargetBench(new MemoryMedium(64), settings: Kept), A, ReserveCommand.Set, A);
        File.AppendAllText(Kept.InBandPath, "x");
        var bench = new TargetBench(new MemoryMedium(64), settings: Kept);
        Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 1, new byte[512], A).Aborted);
        Assert.Contains("damaged", bench.Export.Status([]).Problem, StringComparison.Ordinal);
    }

    private static (AoeError, MaskError, int) Mask(TargetBench bench, MacAddress from, MaskChange? change, MacAddress[] macs)
    {
        var frame = new byte[2200];
        AoeHeader.Request(new MacAddress(1), from, TargetBench.Address, AoeCommand.MacMaskList, 1).Write(frame);
        var length = MaskSection.Write(frame, change is null ? MaskCommand.Read : MaskCommand.Edit, MaskError.None,
            [.. macs.Select(mac => new MaskDirective(change ?? MaskChange.None, mac))]);
        var answer = Assert.Single(bench.Send(frame.AsSpan(0, length)));
        Assert.Equal(MalformedFrame.No, AoeHeader.TryRead(answer, out var header));
        if (header.Error != AoeError.None) return (header.Error, MaskError.None, 0);
        Assert.Equal(MalformedFrame.No, MaskSection.TryRead(answer, out var mask));
        return (header.Error, mask.Error, mask.Count);
    }

    private static List<MacAddress>? Reservers(TargetBench bench, MacAddress from)
    {
        var frame = new byte[60];
        AoeHeader.Request(new MacAddress(1), from, TargetBench.Address, AoeCommand.ReserveRelease, 1).Write(frame);
        var answer = Assert.Single(bench.Send(frame));
        if (answer[15] != 0) return null;
        Assert.Equal(MalformedFrame.No, ReserveSection.TryRead(answer, out var reserve));
        List<MacAddress> macs = [];
        for (var i = 0; i < reserve.Count; i++) macs.Add(reserve[i]);
        return macs;
    }

    private static (string, AoeError)? Config(TargetBench bench, ConfigCommand command, string text)
    {
        var frame = new byte[200];
        AoeHeader.Request(new MacAddress(1), A, TargetBench.Address, AoeCommand.QueryConfig, 1).Write(frame);
        var section = new ConfigSection { Command = command, String = Encoding.ASCII.GetBytes(text) };
        section.Write(frame);
        var answers = bench.Send(frame.AsSpan(0, section.FrameBytes));
        if (answers.Count == 0) return null;
        Assert.Equal(MalformedFrame.No, AoeHeader.TryRead(answers[0], out var header));
        Assert.Equal(MalformedFrame.No, ConfigSection.TryRead(answers[0], out var answer));
        return (Encoding.ASCII.GetString(answer.String), header.Error);
    }

    private static AoeError Reserve(TargetBench bench, MacAddress from, ReserveCommand command, params MacAddress[] macs)
    {
        var frame = new byte[1600];
        AoeHeader.Request(new MacAddress(1), from, TargetBench.Address, AoeCommand.ReserveRelease, 1).Write(frame);
        var length = ReserveSection.Write(frame, command, macs);
        Assert.Equal(MalformedFrame.No, AoeHeader.TryRead(Assert.Single(bench.Send(frame.AsSpan(0, length))), out var header));
        return header.Error;
    }
}
