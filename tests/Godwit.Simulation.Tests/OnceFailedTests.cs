using Godwit.Simulation.Histories;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Tests;

/// <summary>Plans that once broke an invariant, each with what it had found.</summary>
public class OnceFailedTests
{
    [Theory]
    [InlineData("17/2 1:Fence:TakeOverBySource+0 1:Resume:Destroy+21", "a paused copy stayed on a host whose domain had been taken over and then removed")]
    [InlineData("91/1 0:Begin:RegistryLossy+0 0:Begin:TakeOverByDestination+27 0:Begin:RegistryAway+0 0:Commit:StorageAway+32", "a cold start gave up when the storage was away for a while")]
    [InlineData("170/2 0:Check:StorageDeafToDestination+0 0:Begin:TakeOverBySource+29 1:Stop:CutLine+0 0:Prepare:RegistryDeafToDestination+0 0:Check:TakeOverByDestination+16", "nobody took the domain up when it was taken over for the host that still had it")]
    [InlineData("194/1 0:Stop:StorageSlow+0 0:HandOver:TakeOverBySource+33 0:Resume:NoMemory+0 0:HandOver:RegistryLossy+0 0:Stop:StorageDeafToDestination+17", "a destination took its successor's record for its own")]
    [InlineData("212/2 0:Prepare:CrashSource+0 1:HandOver:Pause+0 0:Prepare:GuestPanics+0", "a guest that panicked while its daemon was down was never followed")]
    [InlineData("427/1 0:Confirm:TakeOverBySource+0", "a domain that was taken over to stay crashed went on running where it was")]
    [InlineData("811/2 0:HandOver:Cancel+0 0:Resume:StorageAwayFromSource+13 0:Commit:RegistryRestoredWithoutMark+0 0:Stop:FreezeDestination+0 1:Resume:KillSourceEngine+0", "a source that gave up did not draw the frames of a paused guest back")]
    [InlineData("1170/3 0:Commit:KillDestinationEngine+0 1:Stop:StorageSlow+17 2:Check:DestinationJournalFull+36", "a paused domain arrived in an engine that had ended, and its source destroyed the other copy")]
    [InlineData("1247/1 0:PreCopy:Cancel+0 0:Resume:SourceJournalFull+25 0:Resume:SplitHosts+39 0:Fence:CutLine+34 0:HandOver:GuestPanics+17", "a journal without room ended a start for good")]
    [InlineData("1380/3 0:Commit:RegistryAwayFromDestination+0 2:Prepare:RegistryRestarts+30 1:Begin:SourceJournalFull+0 1:HandOver:Cancel+0 2:HandOver:MoveAgain+0", "a relocation that could not be journaled hung")]
    [InlineData("1754/1 0:Prepare:CutLine+0 0:Prepare:MoveAgain+0 0:Begin:GuestPanics+0", "a request that was refused made the task forget that the guest's end was still to be followed")]
    [InlineData("2001/1 0:Confirm:SourceLosesPower+0 0:Fence:KillSourceEngine+19 0:Commit:RegistryRestoredWithoutMark+20 0:Resume:KillDestinationEngine+0 0:Stop:FreezeDestination+24", "a domain was given back to a host that had lost its memory, and nobody started it")]
    [InlineData("3650/2 0:Commit:StorageAway+25 1:HandOver:RegistryRestored+0 1:Resume:CrashBoth+0 1:Prepare:CutFromDestination+0 1:Fence:Destroy+0", "a restored registry took an old memory of a domain that had been removed")]
    [InlineData("3855/3 0:PreCopy:GuestPanics+0 1:Begin:EngineFails+17 2:Resume:Shutdown+0 2:PreCopy:RegistryAwayFromSource+15 1:Stop:SourceLosesPower+2", "frames were kept for a relocation that had ended")]
    [InlineData("4221/3 0:Confirm:FreezeDestination+20 0:PreCopy:RegistryRestored+8 0:Check:GuestPowersOff+0 1:Confirm:StorageAwayFromSource+0", "a registry restored to just before a removal was not known to be behind")]
    [InlineData("5671/2 0:Fence:MoveAgain+0 0:Stop:DestinationLosesPower+0 1:Commit:CrashSource+0 1:Fence:RegistryRestored+33 1:Resume:CrashDestination+0", "a receiver that turned out to be the owner's kept its address pinned")]
    [InlineData("8021/1 0:Fence:RegistryRestoredWithoutMark+0 0:HandOver:DestinationLosesPower+30 0:Resume:StorageSlow+0", "a host that started while the registry had forgotten its domain never took it up")]
    [InlineData("9324/3 0:Commit:RegistryRestored+28 1:Stop:GuestPowersOff+20 1:Prepare:CrashDestination+0 0:Commit:StorageLossy+0", "a domain removed after a restoration came back by an old memory of it")]
    [InlineData("9785/2 0:Confirm:StorageAway+0 1:Fence:TakeOverByDestination+17 1:Resume:CrashBoth+30 1:Confirm:StorageAway+38 1:PreCopy:CutFromDestination+0", "a receiver loaded for a relocation that was aborted was let run after a take-over")]
    [InlineData("10728/1 0:Commit:CrashSource+0 0:PreCopy:StorageAwayFromDestination+0 0:Resume:KillSourceEngine+10 0:Prepare:MoveAgain+0", "a copy that ended while it was being settled was settled for ever")]
    [InlineData("11075/2 0:HandOver:RegistryRestored+18 1:Confirm:TakeOverBySource+0 1:Begin:RegistryAwayFromDestination+0 1:Fence:Destroy+7", "a domain was removed between its take-over and its fence")]
    [InlineData("1/1 0:Check:StorageAway+0 0:Check:TakeOverBySource+10 0:Check:TakeOverByDestination+0", "a domain taken over by the host that was moving it away stayed between the two for good")]
    [InlineData("1/1 0:Resume:GuestPowersOff+1 0:Resume:CrashDestination+2 0:Resume:RegistryAwayFromDestination+0", "a copy whose guest had ended before its arrival was recorded was let run again, and never settled")]
    [InlineData("1/1 0:PreCopy:MediumFails+0 0:Stop:CutLine+0", "a guest that its disk had stopped during a move stayed stopped when the move had failed")]
    [InlineData("1680/2 1:HandOver:EngineFails+33 1:Resume:MediumFails+0 0:Prepare:DestinationLosesPower+0", "an engine that would not go on after a disk had failed was not asked again")]
    [InlineData("13429/2 0:Fence:RegistryRestoredWithItsMark+0 0:HandOver:RegistryLossy+0 0:Fence:CrashBoth+34", "a copy that ran was destroyed because a restored registry had no record of it")]
    [InlineData("42515/2 1:Resume:RegistryRestoredWithItsMark+0 1:Resume:CrashDestination+12", "a registry put back with its mark was believed before the hosts had spoken, and an old memory ran")]
    [InlineData("78/2 1:Fence:DestinationJournalFull+0", "an entry that could not be taken out of the journal was left there")]
    [InlineData("290/1 0:Check:FreezeDestination+0 0:Fence:GuestReboots+0 0:Fence:TakeOverByDestination+0", "what was kept of a guest that had ended stayed on a host whose domain had been taken over")]
    [InlineData("17/1 0:HandOver:StrayResume+3 0:HandOver:CrashSource+0", "a copy that a user had paused ran on after somebody let it run while its daemon was away")]
    [InlineData("13523/2 0:Commit:RegistryLossy+0 1:Confirm:RegistryRestored+0 1:Confirm:StrayResume+0 1:HandOver:SplitHosts+0 0:Fence:StorageLossy+30", "a paused copy that somebody let run once its move had ended ran on under a record that said paused")]
    [InlineData("67006/2 0:HandOver:KillDestinationEngine+21 1:PreCopy:TakeOverByDestination+0 1:HandOver:GuestReboots+0 1:Check:SourceJournalFull+0", "what was kept of a guest whose end could not be recorded before its domain was taken over stayed")]
    [InlineData("705080/2 0:HandOver:GuestReboots+0 0:PreCopy:RegistryRestoredWithItsMark+0 0:Begin:KillSourceEngine+0", "a guest that had ended was taken for settled before its record said so")]
    [InlineData("2003039/1 0:Stop:CutFromDestination+0 0:Resume:TakeOverByDestination+0 0:Check:RegistryAwayFromSource+0 0:PreCopy:TakeOverBySource+0", "a copy that was taken over twice while its move waited for the registry went on with the memory that the other host had made stale")]
    public void NowItEndsWell(string plan, string found)
    {
        var outcome = History.Run(Plan.Parse(plan), new SimOptions { Traces = true });
        Assert.True(outcome.Failure is null, $"again: {found}; {outcome.Failure}\n{string.Join('\n', outcome.Trace)}");
    }
}
