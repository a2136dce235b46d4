using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Tests.Target;

/// <summary>The target on a real interface, and what may happen to that.</summary>
public sealed class InterfaceTests
{
    private static readonly MacAddress Everybody = new(0xFFFF_FFFF_FFFF);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1500, 2)]
    [InlineData(9000, 17)]
    [InlineData(9900, 19)]
    [InlineData(30_000, 58)]
    [InlineData(65_535, 127)]
    public async Task Frames_are_as_large_as_the_interface_takes(int mtu, int sectors)
    {
        await using var cable = await ServedCable.MakeAsync(mtu);
        Assert.Equal(sectors, cable.SectorsTold());
        cable.AssertWritesAndReads(sectors, 7);
        Assert.Equal(0, Assert.Single((await cable.Target.StatusAsync()).Interfaces).TooLong);
    }

    [Fact]
    public async Task A_change_of_the_mtu_is_noticed_whatever_it_is()
    {
        await using var cable = await ServedCable.MakeAsync(1500);
        byte fill = 1;
        foreach (var (mtu, sectors) in new[] { (1500, 2), (9000, 17), (1500, 2), (40_000, 78), (9000, 17) })
        {
            cable.SetMtu(mtu);
            for (var i = 0; i < 600 && cable.SectorsTold() != sectors; i++) await Task.Delay(50, Ct);
            Assert.Equal((mtu, sectors), (mtu, cable.SectorsTold()));
            cable.AssertWritesAndReads(sectors, fill++);
        }
        Assert.Equal(0, Assert.Single((await cable.Target.StatusAsync()).Interfaces).Malformed);
    }

    [Fact]
    public async Task Frames_to_another_address_or_of_a_vlan_are_not_executed()
    {
        await using var cable = await ServedCable.MakeAsync(9000);
        ServedCable.Ip("link", "set", cable.Interface, "promisc", "on");
        byte[] data = [.. Enumerable.Repeat((byte)9, 512)];
        var another = cable.Request(AtaCommand.WriteExt, 0, 1, data, to: new MacAddress(0x02_00_00_00_00_77));
        var ours = cable.Request(AtaCommand.WriteExt, 0, 1, data);
        byte[] ofVlan = [.. ours[..12], 0x81, 0x00, 0x00, 0x05, .. ours[12..]];
        cable.Send(another, ofVlan);
        Assert.Equal(0, cable.FirstByte());
        Assert.Equal(0, (await cable.Target.StatusAsync()).Counters.Writes);
        // The tag of VLAN 0 is no VLAN's, but a priority's.
        Assert.NotNull(cable.Ask([.. ours[..12], 0x81, 0x00, 0x60, 0x00, .. ours[12..]], 500) ?? cable.Ask(ours));
        Assert.Equal(9, cable.FirstByte());
    }

    [Fact]
    public async Task An_interface_that_is_taken_away_and_made_again_serves_again_under_its_new_address()
    {
        await using var cable = await ServedCable.MakeAsync(9000);
        cable.AssertWritesAndReads(17, 1);
        var before = cable.TargetAddress;
        cable.Cut();
        await Task.Delay(1500, Ct);
        Assert.False(cable.Target.Ended.IsCompleted);
        cable.Lay(20_000);
        Assert.NotEqual(before, cable.TargetAddress);
        Assert.True(cable.IsAnsweredInTime(() => cable.Query()));
        for (var i = 0; i < 600 && cable.SectorsTold() != 38; i++) await Task.Delay(50, Ct);
        Assert.Equal(38, cable.SectorsTold());
        cable.AssertWritesAndReads(38, 2);
        Assert.Equal(cable.TargetAddress, cable.AnsweringAddress());
    }

    [Fact]
    public async Task An_interface_that_gets_another_address_answers_from_it()
    {
        await using var cable = await ServedCable.MakeAsync(9000);
        var other = new MacAddress(0x02_00_00_00_00_31);
        ServedCable.Ip("link", "set", cable.Interface, "address", other.ToString());
        for (var i = 0; i < 600 && cable.AnsweringAddress() != other; i++) await Task.Delay(50, Ct);
        Assert.Equal(other, cable.AnsweringAddress());
    }

    /// <summary>While the target is busy with something else, so much waits as its initiators may send, and is answered then.</summary>
    [Theory]
    [InlineData(128, 512)]
    [InlineData(600, 2400)]
    public async Task What_initiators_may_send_at_once_finds_room(int buffers, int frames)
    {
        await using var cable = await ServedCable.MakeAsync(9000, buffers);
        using var goOn = new ManualResetEventSlim();
        var busy = cable.Target.RunAsync(() => goOn.Wait(TimeSpan.FromSeconds(30), Ct));
        byte[][] requests = [.. Enumerable.Range(0, frames).Select(i => cable.Request(AtaCommand.ReadExt, i % 100, 1))];
        foreach (var few in requests.Chunk(32)) cable.Send(few);
        goOn.Set();
        Assert.True(await busy);
        var seen = 0;
        Assert.Equal(frames, cable.Answers(10_000, _ => ++seen == frames).Count);
        Assert.Equal(0, Assert.Single((await cable.Target.StatusAsync()).Interfaces).Dropped);
    }

    /// <summary>
    /// Frames to everybody, faster than they can be answered: of every kind, and with lies in them. What is lost is counted; who asks
    /// meanwhile and sends again is answered, and so is whoever comes after.
    /// </summary>
    [Fact]
    public async Task A_storm_of_broadcasts_passes()
    {
        await using var cable = await ServedCable.MakeAsync(9000);
        cable.AssertWritesAndReads(17, 5);
        byte[] noise = [.. Enumerable.Repeat((byte)0xEE, 512)];
        var (query, write) = (cable.Query(Everybody, AoeAddress.Broadcast), cable.Request(AtaCommand.WriteExt, 0, 1, noise, Everybody));
        // A write to every disk, which nobody means.
        (write[16], write[17], write[18]) = (0xFF, 0xFF, 0xFF);
        var (wrongVersion, unknown, cut) = ((byte[])query.Clone(), (byte[])query.Clone(), query[..20]);
        (wrongVersion[14], unknown[19]) = (0x20, 0x77);
        byte[][] storm = [.. Enumerable.Range(0, 64).Select(i => (i % 5) switch { 0 => query, 1 => write, 2 => wrongVersion, 3 => unknown, _ => cut })];
        for (var i = 0; i < 1000; i++)
        {
            cable.Send(storm);
            if (i % 100 == 50) Assert.True(cable.IsAnsweredInTime(() => cable.Request(AtaCommand.ReadExt, 3, 1)), $"after {i}");
        }
        Assert.True(cable.IsAnsweredInTime(() => cable.Request(AtaCommand.ReadExt, 3, 1)));
        Assert.Equal(0, cable.FirstByte());
        cable.AssertWritesAndReads(17, 6);
        var status = await cable.Target.StatusAsync();
        Assert.Equal(2, status.Counters.Writes);
    }
}
