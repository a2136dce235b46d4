using Godwit.Relocation;
using Godwit.Simulation.Histories;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Tests;

/// <summary>A user gives the domain other memory while it moves, or is about to: in the end the copy has what the record says.</summary>
public class ResizeTests
{
    [Theory]
    [InlineData("0:Check:Resize+0")]
    [InlineData("0:Confirm:Resize+50 1:Begin:Resize+0")]
    [InlineData("0:Check:Resize+0 0:Check:CrashSource+0")]
    [InlineData("0:Check:Resize+0 0:Check:CrashSource+1 0:Check:RegistryAway+0")]
    [InlineData("0:Confirm:Resize+20 0:Confirm:RegistryAway+0 0:Confirm:CrashDestination+40")]
    [InlineData("0:Confirm:Resize+20 0:Confirm:RegistryLossy+0")]
    [InlineData("0:Confirm:Resize+20 0:Confirm:RegistryAway+0 0:Confirm:TakeOverBySource+30")]
    [InlineData("0:Confirm:Resize+20 0:Confirm:RegistryRestored+30")]
    [InlineData("0:Confirm:Resize+20 0:Confirm:KillDestinationEngine+30")]
    public void TheCopyHasWhatTheRecordSays(string faults)
    {
        for (var seed = 1; seed <= 100; seed++)
        {
            var plan = Plan.Parse($"{seed}/2 {faults}");
            var outcome = History.Run(plan, new SimOptions());
            Assert.True(outcome.Failure is null, $"{plan}: {outcome.Failure}");
        }
    }

    [Fact]
    public void WhatItWasGivenItHasAfterTheMove()
    {
        var shown = 0;
        for (var seed = 1; seed <= 20; seed++)
        {
            var outcome = History.Run(Plan.Parse($"{seed}/2 0:Confirm:Resize+200"), new SimOptions { Traces = true });
            Assert.True(outcome.Failure is null, outcome.Failure);
            var lines = outcome.Trace.ToList();
            var given = lines.FindIndex(line => line.Contains("has been given", StringComparison.Ordinal));
            if (given >= 0 && given < lines.FindLastIndex(line => line.Contains(" move host-", StringComparison.Ordinal)) && outcome.Endings[^1] == RelocationEnding.Completed)
                shown++;
        }
        Assert.True(shown > 0, "none was given other memory before its second move");
    }
}
