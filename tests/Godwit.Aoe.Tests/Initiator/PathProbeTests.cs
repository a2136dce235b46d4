using Godwit.Aoe.Initiator;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>How long frames may be is found out by frames, whatever the interfaces say.</summary>
public sealed class PathProbeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    [Theory]
    [InlineData(9000)]
    [InlineData(8999)]
    [InlineData(1500)]
    [InlineData(4321)]
    [InlineData(9001)]
    public async Task The_longest_frame_that_passes_is_found(int passes)
    {
        var measured = await MeasureAsync(there: passes, back: 9000);
        Assert.Equal(new PathMeasure(Math.Min(passes, 9000), BothWays: true), measured);
    }

    [Fact]
    public async Task The_way_back_is_measured_as_well() =>
        Assert.Equal(new PathMeasure(1500, BothWays: true), await MeasureAsync(there: 9000, back: 1500));

    [Fact]
    public async Task A_target_of_another_kind_is_measured_on_the_way_there()
    {
        var (ours, theirs) = MemoryLink.Pair();
        Assert.Equal(new PathMeasure(1500, BothWays: false), await MeasureAsync(ours, theirs, there: 1500, cut: true));
    }

    [Fact]
    public async Task Silence_is_nothing() => Assert.Equal(default, await MeasureAsync(there: 0, back: 9000));

    private static Task<PathMeasure> MeasureAsync(int there, int back)
    {
        var (ours, theirs) = MemoryLink.Pair();
        theirs.Loses = frame => frame.Length > AoeProtocol.FrameBytes(back);
        return MeasureAsync(ours, theirs, there, cut: false);
    }

    private static async Task<PathMeasure> MeasureAsync(MemoryLink ours, MemoryLink theirs, int there, bool cut)
    {
        ours.Loses = frame => frame.Length > AoeProtocol.FrameBytes(there);
        var found = new FoundTarget
        {
            Address = TargetBench.Address, Interface = ours.Name, Mtu = ours.Mtu, Mac = theirs.Address, BufferCount = 16, Firmware = 1, SectorsPerFrame = 17,
        };
        using IDisposable target = cut ? new ShortAnswers(theirs) : new Served(theirs);
        using var probe = new PathProbe(ours, TimeProvider.System);
        return await Task.Run(() => probe.Measure(found, Patience));
    }

    private sealed class Served : IDisposable
    {
        private readonly AoeTarget _target;

        public Served(MemoryLink link)
        {
            var export = Export.Standalone(
                new ExportSettings { Address = TargetBench.Address, Path = "memory" }, new MemoryMedium(64), new TargetStart(TargetBench.BootId), NullLogger.Instance);
            _target = new AoeTarget([link], export, NullLogger.Instance);
            _target.Start();
        }

        public void Dispose() => _target.CloseAsync().GetAwaiter().GetResult();
    }

    /// <summary>A target that answers questions for its configuration in 60 bytes, as vblade does.</summary>
    private sealed class ShortAnswers : IDisposable
    {
        private readonly MemoryLink _link;
        private readonly Thread _thread;
        private volatile bool _stopping;

        public ShortAnswers(MemoryLink link)
        {
            _link = link;
            _thread = new Thread(Loop) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose()
        {
            _stopping = true;
            _link.Wake();
            _thread.Join();
        }

        private void Loop()
        {
            var (requests, answers) = (new Native.Packets.PacketBatch(64, 9100), new Native.Packets.PacketBatch(1, 9100));
            while (!_stopping)
            {
                _link.Receive(requests, -1);
                for (var i = 0; i < requests.Count; i++)
                {
                    if (AoeHeader.TryRead(requests[i], out var header) != MalformedFrame.No) continue;
                    answers.Clear();
                    answers.Next[..60].Clear();
                    header.Answer(_link.Address, TargetBench.Address).Write(answers.Next);
                    answers.Add(60);
                    _link.Send(answers);
                }
            }
        }
    }
}
