namespace Godwit.Aoe.Control;

/// <summary>
/// Asks a running <c>godwit-aoe export</c>. All calls throw <see cref="AoeControlException"/> when they are refused or
/// nobody answers. A call whose answer was lost may be made again, but for <see cref="AdmitAsync"/>, which then draws
/// another session.
/// </summary>
public sealed class ExportControlClient(string socketPath)
{
    private readonly ControlClient _client = new(socketPath);

    /// <summary>
    /// Makes a host a reader under a fresh session number, which replaces an earlier reader's session of that host;
    /// the writer's role stays where it is. Durable when it returns.
    /// </summary>
    /// <returns>The session, 1 to 2,047.</returns>
    public async Task<int> AdmitAsync(string host, IReadOnlyList<string> macs, CancellationToken cancellationToken)
    {
        var reply = await _client.CallAsync(
            new ControlRequest { Op = ControlOp.Admit, Host = host, Macs = macs }, cancellationToken).ConfigureAwait(false);
        return reply.Session ?? throw Incomplete(ControlOp.Admit);
    }

    /// <summary>
    /// Moves the writer's role to an admitted session. When it returns, the move is durable and no frame of the
    /// former writer has any effect more. Refused with <see cref="AoeControlCode.StaleEpoch"/> or
    /// <see cref="AoeControlCode.NotAdmitted"/>.
    /// </summary>
    public async Task<FenceAnswer> FenceAsync(string host, long epoch, int session, CancellationToken cancellationToken)
    {
        var reply = await _client.CallAsync(
            new ControlRequest { Op = ControlOp.Fence, Host = host, Epoch = epoch, Session = session },
            cancellationToken).ConfigureAwait(false);
        return new FenceAnswer(
            reply.PreviousEpoch ?? throw Incomplete(ControlOp.Fence), reply.Session ?? throw Incomplete(ControlOp.Fence));
    }

    /// <summary>Gives up a session, with the writer's role if it has it. A session that is not there is no error.</summary>
    public Task ReleaseAsync(string host, int session, CancellationToken cancellationToken) => _client.CallAsync(
        new ControlRequest { Op = ControlOp.Release, Host = host, Session = session }, cancellationToken);

    /// <summary>
    /// Begins a new state where there is none or where it cannot be read. <paramref name="epoch"/> is the greatest
    /// epoch known of this disk (registry, journals), so that nobody older can take it; 0 for a new disk.
    /// </summary>
    public Task InitAsync(long epoch, CancellationToken cancellationToken) => _client.CallAsync(
        new ControlRequest { Op = ControlOp.Init, Epoch = epoch }, cancellationToken);

    public async Task<ExportStatus> StatusAsync(CancellationToken cancellationToken)
    {
        var reply = await _client.CallAsync(new ControlRequest { Op = ControlOp.Status }, cancellationToken)
            .ConfigureAwait(false);
        return reply.Export ?? throw Incomplete(ControlOp.Status);
    }

    private static AoeControlException Incomplete(string op) =>
        new(AoeControlCode.BadRequest, $"The export's answer to '{op}' lacks what was asked for.",
            "Are godwitd and godwit-aoe of the same version?");
}
