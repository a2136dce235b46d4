using System.Diagnostics;
using Godwit.Native.Packets;

namespace Godwit.Native.Tests.Packets;

/// <summary>Real packet sockets on both ends of a veth pair.</summary>
public sealed class PacketSocketTests : IDisposable
{
    private const ushort EtherType = Cable.EtherType;
    private readonly Cable _cable = new("gp", 9000);
    private readonly string _a, _b;

    public PacketSocketTests() => (_a, _b) = (_cable.A, _cable.B);

    public void Dispose() => _cable.Dispose();

    [Fact]
    public void Interfaces_are_described()
    {
        var found = PacketInterface.Find(_a);
        Assert.Equal((9000, true, 6), (found.Mtu, found.Up, found.Address.Length));
        Assert.NotEqual(found.Index, PacketInterface.Find(_b).Index);
        Assert.Throws<NativeException>(() => PacketInterface.Find("nonexistent"));
        Assert.Throws<NativeException>(() => PacketInterface.Find("a-name-longer-than-fifteen"));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 36)]
    [InlineData(true, 9014)]
    public void Batches_cross_whole_and_in_order(bool bypass, int headBytes)
    {
        using var a = PacketSocket.Open(_a, new PacketSocketOptions { EtherType = EtherType, BypassQueueing = bypass, HeadBytes = headBytes });
        using var b = PacketSocket.Open(_b, new PacketSocketOptions { EtherType = EtherType });
        var outgoing = new PacketBatch(64, 9014);
        for (var i = 0; i < 64; i++) outgoing.Add(Cable.Frame(a, b, 14 + 1 + i * 140, (byte)i));
        a.Send(outgoing);
        var incoming = new PacketBatch(16, 9014);
        var got = 0;
        while (got < 64)
        {
            b.Receive(incoming, 2000);
            Assert.True(incoming.Count > 0, $"only {got} frames came");
            for (var i = 0; i < incoming.Count; i++, got++) Assert.True(incoming[i].SequenceEqual(outgoing[got]), $"frame {got}");
        }
        Assert.Equal(0, a.Dropped);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(36)]
    public unsafe void What_a_frame_lends_crosses_with_it_again_and_again(int headBytes)
    {
        using var a = PacketSocket.Open(_a, new PacketSocketOptions { EtherType = EtherType, HeadBytes = headBytes });
        using var b = PacketSocket.Open(_b, new PacketSocketOptions { EtherType = EtherType });
        var lent = GC.AllocateArray<byte>(8192, pinned: true);
        new Random(1).NextBytes(lent);
        var outgoing = new PacketBatch(8, 9014);
        foreach (var bytes in (int[])[512, 4096, 8192])
        {
            Cable.Frame(a, b, 36, 7).CopyTo(outgoing.Next);
            outgoing.Lend((nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref lent[0]), bytes);
            outgoing.Add(36);
        }
        var incoming = new PacketBatch(1, 9014);
        for (var i = 0; i < 6; i++)
        {
            if (i % 3 == 0) a.Send(outgoing);
            Assert.Equal(36, outgoing[i % 3].Length);
            b.Receive(incoming, 2000);
            Assert.Equal([.. Cable.Frame(a, b, 36, 7), .. lent[..((int[])[512, 4096, 8192])[i % 3]]], incoming[0].ToArray());
        }
    }

    [Fact]
    public void The_filter_keeps_frames_out()
    {
        using var a = PacketSocket.Open(_a, new PacketSocketOptions { EtherType = EtherType });
        using var b = PacketSocket.Open(_b, new PacketSocketOptions
        {
            EtherType = EtherType,
            Filter = [BpfInstruction.LoadUInt8(14), BpfInstruction.IfEqual(7, 0, 1), BpfInstruction.Accept, BpfInstruction.Drop],
        });
        var batch = new PacketBatch(8, 9014);
        foreach (byte fill in (byte[])[6, 7, 8, 7]) batch.Add(Cable.Frame(a, b, 64, fill));
        a.Send(batch);
        var incoming = new PacketBatch(8, 9014);
        var seen = new List<byte>();
        // The end of the wait tells that no more come; on a busy machine the first may take longer than that.
        for (var left = 25; left > 0 && (seen.Count < 2 || incoming.Count > 0); left--)
        {
            b.Receive(incoming, 200);
            for (var i = 0; i < incoming.Count; i++) seen.Add(incoming[i][14]);
        }
        Assert.Equal([7, 7], seen);
    }

    [Fact]
    public void A_frame_longer_than_its_room_is_left_out()
    {
        using var a = PacketSocket.Open(_a, new PacketSocketOptions { EtherType = EtherType });
        using var b = PacketSocket.Open(_b, new PacketSocketOptions { EtherType = EtherType });
        var batch = new PacketBatch(8, 9014);
        batch.Add(Cable.Frame(a, b, 5000, 1));
        batch.Add(Cable.Frame(a, b, 100, 2));
        a.Send(batch);
        var small = new PacketBatch(8, 1514);
        var seen = new List<byte>();
        // As above.
        for (var left = 25; left > 0 && (seen.Count < 1 || small.Count > 0); left--)
        {
            b.Receive(small, 200);
            for (var j = 0; j < small.Count; j++) seen.Add(small[j][14]);
        }
        Assert.Equal([2], seen);
        Assert.Equal(1, b.TooLong);
    }

    [Fact]
    public async Task A_wait_ends_by_wake_and_by_time()
    {
        using var a = PacketSocket.Open(_a, new PacketSocketOptions { EtherType = EtherType });
        var batch = new PacketBatch(1, 1514);
        var waiting = Task.Run(() => a.Receive(batch, -1));
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        a.Wake();
        await waiting.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        var began = Stopwatch.GetTimestamp();
        a.Receive(batch, 50);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 40, 5000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(36)]
    public void A_link_that_goes_down_loses_frames_and_works_again_after(int headBytes)
    {
        using var a = PacketSocket.Open(_a, new PacketSocketOptions { EtherType = EtherType, HeadBytes = headBytes });
        using var b = PacketSocket.Open(_b, new PacketSocketOptions { EtherType = EtherType });
        var batch = new PacketBatch(1, 1514);
        batch.Add(Cable.Frame(a, b, 64, 1));
        var incoming = new PacketBatch(1, 1514);
        Cable.Ip("link", "set", _a, "down");
        a.Send(batch);
        Assert.Equal(1, a.Dropped);
        a.Receive(incoming, 0);
        b.Receive(incoming, 0);
        Cable.Ip("link", "set", _a, "up");
        for (var i = 0; i < 50 && incoming.Count == 0; i++)
        {
            a.Send(batch);
            b.Receive(incoming, 100);
        }
        Assert.Equal(1, incoming.Count);
    }

    [Fact]
    public void An_interface_that_was_taken_away_and_made_again_is_another()
    {
        using var cable = new Cable("gr", 9000);
        using var a = PacketSocket.Open(cable.A, new PacketSocketOptions { EtherType = EtherType });
        Assert.True(a.IsBound);
        Cable.Ip("link", "set", cable.A, "down");
        Assert.True(a.IsBound);
        cable.Remake();
        Assert.False(a.IsBound);
        using var again = PacketSocket.Open(cable.A, new PacketSocketOptions { EtherType = EtherType });
        Assert.True(again.IsBound);
    }
}
