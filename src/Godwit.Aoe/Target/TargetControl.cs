using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>What the control socket of a target's process answers. What concerns an export runs between its frames.</summary>
public sealed class TargetControl(TargetSet targets)
{
    /// <summary>Longest name of a host, in characters.</summary>
    private const int LongestHost = 255;
    private const int MostMacs = 64;

    /// <summary>Of one request: what fits its line.</summary>
    private const int MostRanges = 192;

    public async Task<ControlReply> HandleAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        switch (request.Op)
        {
            case ControlOp.Add:
                var added = await targets.AddAsync(request.Order ?? throw Bad("order", "an export"), cancellationToken).ConfigureAwait(false);
                return new ControlReply { Ok = true, Export = await added.StatusAsync().ConfigureAwait(false) };
            case ControlOp.Remove:
                await targets.RemoveAsync(request.Device ?? throw Bad("device", "the one to remove"), cancellationToken).ConfigureAwait(false);
                return ControlReply.Done;
            case ControlOp.List:
                return new ControlReply { Ok = true, Exports = await ListAsync().ConfigureAwait(false) };
            case ControlOp.Status:
                return new ControlReply { Ok = true, Export = await targets.Find(request.Device).StatusAsync().ConfigureAwait(false) };
            case ControlOp.Grow:
                var grown = targets.Find(request.Device);
                await grown.RunAsync(() => { grown.Export.Grow(); return 0; }).ConfigureAwait(false);
                return new ControlReply { Ok = true, Export = await grown.StatusAsync().ConfigureAwait(false) };
            case ControlOp.Admit:
                var macs = Macs(request);
                var admitted = await OnFence(request, f => f.Admit(Host(request), macs, request.Sessionless)).ConfigureAwait(false);
                return new ControlReply { Ok = true, Session = admitted };
            case ControlOp.Fence:
                var epoch = Epoch(request);
                var taken = Ranges(request);
                var answer = await OnFence(request, f => taken is { } ranges
                    ? f.Take(Host(request), epoch, Session(request), ranges, request.Free)
                    : f.Take(Host(request), epoch, Session(request))).ConfigureAwait(false);
                return new ControlReply { Ok = true, PreviousEpoch = answer.PreviousEpoch, Session = answer.Session };
            case ControlOp.Release:
                var released = Ranges(request);
                return await ChangeAsync(request, f =>
                {
                    if (released is { } ranges)
                        f.Release(Host(request), Session(request), ranges);
                    else
                        f.Release(Host(request), Session(request));
                }).ConfigureAwait(false);
            case ControlOp.Return:
                var returned = SomeRanges(request);
                return await ChangeAsync(request, f => f.Return(Host(request), Session(request), returned)).ConfigureAwait(false);
            case ControlOp.Forget:
                var forgotten = SomeRanges(request);
                return await ChangeAsync(request, f => f.Forget(Host(request), Session(request), forgotten)).ConfigureAwait(false);
            case ControlOp.Init:
                return await ChangeAsync(request, f => f.Initialize(Epoch(request))).ConfigureAwait(false);
            default:
                throw new AoeControlException(AoeControlCode.UnknownOperation,
                    $"A target has no operation '{request.Op}'; it has add, remove, list, status, grow, admit, fence, release, return, forget and init.");
        }
    }

    private async Task<IReadOnlyList<ExportStatus>> ListAsync()
    {
        List<ExportStatus> list = [];
        foreach (var target in targets.All)
        {
            try
            {
                list.Add(await target.StatusAsync().ConfigureAwait(false));
            }
            catch (AoeControlException e) when (e.Code == AoeControlCode.NotRunning)
            {
                // It is being removed.
                continue;
            }
        }
        return list;
    }

    private async Task<ControlReply> ChangeAsync(ControlRequest request, Action<Fence> step)
    {
        await OnFence(request, fence =>
        {
            step(fence);
            return true;
        }).ConfigureAwait(false);
        return ControlReply.Done;
    }

    private Task<T> OnFence<T>(ControlRequest request, Func<Fence, T> step)
    {
        var target = targets.Find(request.Device);
        return target.Export.Fence is { } fence
            ? target.RunAsync(() => step(fence))
            : throw new AoeControlException(AoeControlCode.NotManaged,
                $"{target.Export.Settings.Address} has no fence.", "Export it with --managed.");
    }

    private static string Host(ControlRequest request) =>
        request.Host is { Length: > 0 and <= LongestHost } host ? host : throw Bad("host", "the name of a host");

    private static long Epoch(ControlRequest request) =>
        request.Epoch is >= 0 and { } epoch ? epoch : throw Bad("epoch", "a number from 0");

    private static int Session(ControlRequest request) =>
        request.Session is { } session and >= 1 and <= Wire.FrameTag.LastSession
            ? session
            : throw Bad("session", $"a number from 1 to {Wire.FrameTag.LastSession}");

    private static ImmutableArray<MacAddress> Macs(ControlRequest request)
    {
        if (request.Macs is not { Count: > 0 and <= MostMacs } texts)
            throw Bad("macs", $"1 to {MostMacs} Ethernet addresses");
        var macs = ImmutableArray.CreateBuilder<MacAddress>(texts.Count);
        foreach (var text in texts)
            macs.Add(MacAddress.TryParse(text, null, out var mac) ? mac : throw Bad("macs", $"Ethernet addresses, not '{text}'"));
        return macs.ToImmutable();
    }

    // Null: the whole disk is meant.
    private static ImmutableArray<SectorRange>? Ranges(ControlRequest request) => request.Ranges is null ? null : SomeRanges(request);

    private static ImmutableArray<SectorRange> SomeRanges(ControlRequest request) =>
        request.Ranges is { Count: > 0 and <= MostRanges } ranges && ranges.All(range => range.IsSound) && ranges.Count(range => range.Rest) <= 1
            ? [.. ranges]
            : throw Bad("ranges", $"1 to {MostRanges} parts of the disk, as in {{\"start\":0,\"length\":2048}}, in sectors");

    private static AoeControlException Bad(string member, string expected) =>
        new(AoeControlCode.BadRequest, $"The member \"{member}\" has to be {expected}.");
}
