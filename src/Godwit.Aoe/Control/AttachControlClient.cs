namespace Godwit.Aoe.Control;

/// <summary>
/// Asks a running <c>godwit-aoe attach</c>. All calls throw <see cref="AoeControlException"/> when they are refused or
/// nobody answers, and may be repeated.
/// </summary>
public sealed class AttachControlClient(string socketPath)
{
    private readonly ControlClient _client = new(socketPath);

    public async Task<AttachStatus> StatusAsync(CancellationToken cancellationToken)
    {
        var reply = await _client.CallAsync(new ControlRequest { Op = ControlOp.Status }, cancellationToken)
            .ConfigureAwait(false);
        return reply.Attach ?? throw new AoeControlException(AoeControlCode.BadRequest,
            "The answer to 'status' lacks the status.", "Are godwitd and godwit-aoe of the same version?");
    }

    /// <summary>From now on all frames carry this session, also those that wait for an answer.</summary>
    public Task SetSessionAsync(int session, CancellationToken cancellationToken) => _client.CallAsync(
        new ControlRequest { Op = ControlOp.Session, Session = session }, cancellationToken);

    /// <summary>All that was written so far is on stable storage at the target.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) =>
        _client.CallAsync(new ControlRequest { Op = ControlOp.Flush }, cancellationToken);

    /// <summary>
    /// Asks the target for its size, and closes the connections of whoever uses the device with another one: who connects again
    /// learns the new size.
    /// </summary>
    public async Task<AttachStatus> GrowAsync(CancellationToken cancellationToken)
    {
        var reply = await _client.CallAsync(new ControlRequest { Op = ControlOp.Grow }, cancellationToken).ConfigureAwait(false);
        return reply.Attach ?? throw new AoeControlException(AoeControlCode.BadRequest,
            "The answer to 'grow' lacks the status.", "Are godwitd and godwit-aoe of the same version?");
    }

    /// <summary>Ends the process after the open requests are answered. Returns when it has let go of the device.</summary>
    public Task DetachAsync(CancellationToken cancellationToken) =>
        _client.CallAsync(new ControlRequest { Op = ControlOp.Detach }, cancellationToken);
}
