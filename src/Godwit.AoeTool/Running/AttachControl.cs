using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Wire;
using Godwit.Nbd;

namespace Godwit.AoeTool.Running;

/// <summary>What the control socket of an attached device answers.</summary>
/// <param name="initiator">The device.</param>
/// <param name="server">Serves it to its users.</param>
/// <param name="end">Asks the process to end.</param>
/// <param name="released">Done when it has let go of the device.</param>
internal sealed class AttachControl(AoeInitiator initiator, NbdServer server, Action end, Task released)
{
    public async Task<ControlReply> HandleAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        try
        {
            switch (request.Op)
            {
                case "status":
                    return new ControlReply { Ok = true, Attach = initiator.Status() };
                case "session":
                    if (request.Session is not (>= 0 and <= FrameTag.LastSession and var session))
                        throw new AoeControlException(AoeControlCode.BadRequest,
                            $"The member \"session\" has to be a number from 0 to {FrameTag.LastSession}.");
                    await initiator.SetSessionAsync(session).WaitAsync(cancellationToken).ConfigureAwait(false);
                    return new ControlReply { Ok = true, Attach = initiator.Status() };
                case "flush":
                    await initiator.FlushAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
                    return ControlReply.Done;
                case "grow":
                    server.CloseOutdated(await initiator.MeasureAsync().WaitAsync(cancellationToken).ConfigureAwait(false));
                    return new ControlReply { Ok = true, Attach = initiator.Status() };
                case "detach":
                    end();
                    await released.ConfigureAwait(false);
                    return ControlReply.Done;
                default:
                    throw new AoeControlException(AoeControlCode.UnknownOperation,
                        $"An attached device has no operation '{request.Op}'; it has status, session, flush, grow and detach.");
            }
        }
        catch (TargetErrorException e)
        {
            throw new AoeControlException(AoeControlCode.TargetFailed, e.Message, null, e);
        }
    }
}
