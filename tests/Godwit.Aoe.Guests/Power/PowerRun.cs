using System.Globalization;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Guests.Power;

/// <summary>
/// Cuts the power of a storage host under a writer, at random times, and looks after each restart whether all is there that was promised.
/// <code>
///   cut 0, 2, 4 ...   Godwit's initiator lives on: it goes on writing after the restart, flushes, and then all that it wrote is looked for
///   cut 1, 5, 9 ...   a writer that never flushes: all that was answered is looked for
///   cut 3, 7, 11 ...  Godwit's initiator ends with the power: all that was flushed is looked for
/// </code>
/// </summary>
/// <param name="Writes">That were answered.</param>
/// <param name="Flushes">Of Godwit's initiator.</param>
/// <param name="Failures">What was not there, by cut.</param>
public sealed record PowerRun(int Cuts, long Writes, long Flushes, IReadOnlyList<string> Failures)
{
    private const int Blocks = 2048;
    private const long Bytes = (long)Blocks * CutDisk.BlockBytes;
    private static readonly AoeAddress s_address = new(0, 0);

    public static async Task<PowerRun> RunAsync(string programs, int cuts, int seed, Action<string> progress, CancellationToken ct)
    {
        await using var machine = await StorageMachine.PrepareAsync(programs, Bytes, ct).ConfigureAwait(false);
        var (random, disk) = (new Random(seed), new CutDisk(Blocks));
        var (writes, flushes) = (0L, 0L);
        List<string> failures = [];
        await machine.StartAsync(ct).ConfigureAwait(false);
        for (var cut = 0; cut < cuts; cut++)
        {
            var step = new PowerCut(machine, disk, random, s_address);
            var failure = await (cut % 4 == 1 ? step.DurableAsync(ct) : step.CachingAsync(livesOn: cut % 2 == 0, ct)).ConfigureAwait(false)
                ?? await CompareAsync(machine, disk, ct).ConfigureAwait(false);
            (writes, flushes) = (writes + step.Writes, flushes + step.Flushes);
            if (failure is not null) failures.Add(string.Create(CultureInfo.InvariantCulture, $"cut {cut}: {failure}"));
            progress(string.Create(CultureInfo.InvariantCulture, $"{cut + 1}/{cuts} cuts, {writes} writes, {disk.Promised} blocks promised: {failure ?? "all there"}"));
        }
        return new PowerRun(cuts, writes, flushes, failures);
    }

    private static async Task<string?> CompareAsync(StorageMachine machine, CutDisk disk, CancellationToken ct)
    {
        const int Piece = 16 * CutDisk.BlockBytes;
        await using var initiator = await AoeInitiator.ConnectAsync(
            machine.Open(AoeFilters.Answers(s_address)), s_address, new InitiatorOptions(), TimeProvider.System, NullLogger.Instance, ct).ConfigureAwait(false);
        var data = new byte[Piece];
        for (var at = 0L; at < Bytes; at += Piece)
        {
            await initiator.ReadAsync(at, data).ConfigureAwait(false);
            for (var i = 0; i < Piece; i += CutDisk.BlockBytes)
            {
                if (disk.Check((int)((at + i) / CutDisk.BlockBytes), data.AsSpan(i, CutDisk.BlockBytes)) is { } wrong) return wrong;
            }
        }
        return null;
    }
}
