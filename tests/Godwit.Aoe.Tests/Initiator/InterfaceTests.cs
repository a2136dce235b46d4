using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Tests.Target;
using Godwit.Aoe.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>The initiator on a real interface, and what may happen to that.</summary>
public sealed class InterfaceTests
{
    [Fact]
    public async Task An_interface_that_is_taken_away_and_made_again_costs_a_pause()
    {
        await using var cable = await ServedCable.MakeAsync(1500);
        await using var initiator = await AoeInitiator.ConnectAsync(
            PacketLink.Open(cable.NearInterface, AoeFilters.Answers(TargetBench.Address)), TargetBench.Address,
            new InitiatorOptions { FailAfter = TimeSpan.FromSeconds(60), Heartbeat = TimeSpan.FromMilliseconds(200) },
            TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
        byte[] data = [.. Enumerable.Repeat((byte)1, 16 * 512)], seen = new byte[data.Length];
        await initiator.WriteAsync(0, data);
        var before = cable.NearAddress;
        cable.Cut();
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        data.AsSpan().Fill(2);
        var waiting = initiator.WriteAsync(0, data).AsTask();
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        // With another address, and longer frames than before.
        cable.Lay(20_000);
        Assert.NotEqual(before, cable.NearAddress);
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await initiator.ReadAsync(0, seen);
        Assert.Equal(data, seen);
        for (var i = 0; i < 600 && initiator.Status() is not { State: AttachState.Up, SectorsPerFrame: 38 }; i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal((AttachState.Up, 38), (initiator.Status().State, initiator.Status().SectorsPerFrame));
        await initiator.WriteAsync(512, data);
        await initiator.FlushAsync();
    }
}
