using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>What the control socket of an export answers. Each request runs between frames.</summary>
public sealed class ExportControl(AoeTarget target, Export export, string interfaceName)
{
    /// <summary>Longest name of a host, in characters.</summary>
    private const int LongestHost = 255;
    private const int MostMacs = 64;

    public async Task<ControlReply> HandleAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        switch (request.Op)
        {
            case ControlOp.Status:
                var status = await target.RunAsync(() => export.Status(interfaceName)).ConfigureAwait(false);
                return new ControlReply { Ok = true, Export = status };
            case ControlOp.Admit:
                var macs = Macs(request);
                var admitted = await OnFence(f => f.Admit(Host(request), macs)).ConfigureAwait(false);
                return new ControlReply { Ok = true, Session = admitted };
            case ControlOp.Fence:
                var epoch = Epoch(request);
                var answer = await OnFence(f => f.Take(Host(request), epoch, Session(request))).ConfigureAwait(false);
                return new ControlReply { Ok = true, PreviousEpoch = answer.PreviousEpoch, Session = answer.Session };
            case ControlOp.Release:
                await OnFence(f => { f.Release(Host(request), Session(request)); return 0; }).ConfigureAwait(false);
                return ControlReply.Done;
            case ControlOp.Init:
                await OnFence(f => { f.Initialize(Epoch(request)); return 0; }).ConfigureAwait(false);
                return ControlReply.Done;
            default:
                throw new AoeControlException(AoeControlCode.UnknownOperation,
                    $"An export has no operation '{request.Op}'; it has admit, fence, release, init and status.");
        }
    }

    private Task<T> OnFence<T>(Func<Fence, T> step) => export.Fence is { } fence
        ? target.RunAsync(() => step(fence))
        : throw new AoeControlException(AoeControlCode.NotManaged,
            $"{export.Settings.Address} has no fence.", "Export it with --managed.");

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

    private static AoeControlException Bad(string member, string expected) =>
        new(AoeControlCode.BadRequest, $"The member \"{member}\" has to be {expected}.");
}
