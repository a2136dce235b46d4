using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>An initiator with two links, each to an interface of a target: the same one, unless a test says otherwise.</summary>
internal sealed class TwoPaths : IAsyncDisposable
{
    private readonly List<AoeTarget> _targets = [];
    private byte _mark = 1;

    private TwoPaths(MemoryLink.Faults? faults, int secondMtu)
    {
        (TargetOne, One) = MemoryLink.Pair("1", faults: faults);
        (TargetTwo, Two) = MemoryLink.Pair("2", secondMtu, faults);
    }

    public MemoryMedium Medium { get; } = new(4096);

    public MemoryLink One { get; }

    public MemoryLink Two { get; }

    public MemoryLink TargetOne { get; }

    public MemoryLink TargetTwo { get; }

    public AoeInitiator Initiator { get; private set; } = null!;

    public AoeTarget Target => _targets[^1];

    public AttachStatus Status => Initiator.Status();

    public static async Task<TwoPaths> StartAsync(
        MemoryLink.Faults? faults = null, int secondMtu = 9000, Action<TwoPaths>? serve = null, Fence? fence = null, bool waitForBoth = true,
        Func<TwoPaths, MacAddress[]>? admits = null)
    {
        var world = new TwoPaths(faults, secondMtu);
        var session = 0;
        if (fence is not null)
        {
            session = fence.Admit("a", [.. admits?.Invoke(world) ?? [world.One.Address, world.Two.Address]]);
            fence.Take("a", 1, session);
        }
        if (serve is null) world.Serve([world.TargetOne, world.TargetTwo], world.Medium, fence);
        else serve(world);
        world.Initiator = await AoeInitiator.ConnectAsync([world.One, world.Two], TargetBench.Address,
            new InitiatorOptions { Session = session, FailAfter = TimeSpan.FromSeconds(30), Heartbeat = TimeSpan.FromMilliseconds(100) },
            TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
        if (waitForBoth) await world.WaitForAsync(PathCondition.Up, PathCondition.Up);
        return world;
    }

    public AoeTarget Serve(MemoryLink[] links, MemoryMedium medium, Fence? fence = null)
    {
        var settings = new ExportSettings { Address = TargetBench.Address, Path = "memory" };
        var start = new TargetStart(Guid.NewGuid(), _mark++);
        var target = new AoeTarget(links, fence is null
            ? Export.Standalone(settings, medium, start, NullLogger.Instance)
            : Export.Managed(settings, medium, fence, start, NullLogger.Instance), NullLogger.Instance);
        target.Start();
        _targets.Add(target);
        return target;
    }

    public async Task RestartAsync(Fence? fence = null)
    {
        await _targets[^1].StopAsync();
        Serve([TargetOne, TargetTwo], Medium, fence);
    }

    /// <summary>Nothing passes between the interfaces of a path.</summary>
    public void Cut(bool one, bool two) => (One.Dead, TargetOne.Dead, Two.Dead, TargetTwo.Dead) = (one, one, two, two);

    /// <summary>But refusals pass.</summary>
    public HeldFrames HoldAnswersToWrites() => new(frame => HeldFrames.IsWrite(frame) && frame[27] == AtaStatus.Ready, (TargetOne, One), (TargetTwo, Two));

    /// <param name="mark">Of the start of the target that they are meant for.</param>
    public HeldFrames HoldWrites(byte mark) =>
        new(frame => HeldFrames.IsWrite(frame) && frame[25] == mark, (One, TargetOne), (Two, TargetTwo));

    public void HoldNothing() => One.Loses = Two.Loses = TargetOne.Loses = TargetTwo.Loses = null;

    public PathCondition? StateOf(MemoryLink link) => Status.Paths.FirstOrDefault(p => p.Interface == link.Name)?.State;

    public async Task WaitForAsync(PathCondition? one, PathCondition? two)
    {
        for (var i = 0; i < 3000 && (StateOf(One), StateOf(Two)) != (one, two); i++) await Task.Delay(10);
        Assert.Equal((one, two), (StateOf(One), StateOf(Two)));
    }

    /// <summary>Writes all over the disk at some depth and reads it back, until a time has passed at least.</summary>
    public async Task WorkAsync(int seed, TimeSpan atLeast = default, int least = 200)
    {
        var began = TimeProvider.System.GetTimestamp();
        var model = Medium.Data.ToArray();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(part => Task.Run(async () =>
        {
            var own = new Random(seed * 31 + part);
            for (var i = 0; i < least / 8 || TimeProvider.System.GetElapsedTime(began) < atLeast; i++)
            {
                var count = own.Next(1, 60);
                var at = part * 512 + own.Next(0, 512 - count);
                var data = new byte[count * 512];
                own.NextBytes(data);
                await Initiator.WriteAsync(at * 512L, data);
                data.CopyTo(model, at * 512);
                var back = new byte[data.Length];
                await Initiator.ReadAsync(at * 512L, back);
                Assert.True(back.AsSpan().SequenceEqual(data), $"part {part}, write {i}: read back something else");
            }
        })));
        await Initiator.FlushAsync();
        Assert.Equal(model, Medium.Data);
        Assert.Equal(model, Medium.Durable);
    }

    public async ValueTask DisposeAsync()
    {
        await Initiator.DisposeAsync();
        foreach (var target in _targets)
        {
            if (!target.Ended.IsCompleted) await target.StopAsync();
        }
    }
}
