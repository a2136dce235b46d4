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
    /// <param name="host">Its name.</param>
    /// <param name="macs">Ethernet addresses that its frames come from.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <param name="sessionless">Frames without a session count too, as those of the Linux driver.</param>
    /// <returns>The session, 1 to 2,047.</returns>
    public async Task<int> AdmitAsync(string host, IReadOnlyList<string> macs, CancellationToken cancellationToken, bool sessionless = false)
    {
        var reply = await _client.CallAsync(
            new ControlRequest { Op = ControlOp.Admit, Host = host, Macs = macs, Sessionless = sessionless }, cancellationToken).ConfigureAwait(false);
        return reply.Session ?? throw Incomplete(ControlOp.Admit);
    }

    /// <summary>
    /// Moves the writer's role to an admitted session. When it returns, the move is durable and no frame of the
    /// former writer has any effect more. Refused with <see cref="AoeControlCode.StaleEpoch"/> or
    /// <see cref="AoeControlCode.NotAdmitted"/>.
    /// </summary>
    public Task<FenceAnswer> FenceAsync(string host, long epoch, int session, CancellationToken cancellationToken) =>
        FenceAsync(new ControlRequest { Op = ControlOp.Fence, Host = host, Epoch = epoch, Session = session }, cancellationToken);

    /// <summary>Gives up a session, with the writer's role if it has it. A session that is not there is no error.</summary>
    public Task ReleaseAsync(string host, int session, CancellationToken cancellationToken) => _client.CallAsync(
        new ControlRequest { Op = ControlOp.Release, Host = host, Session = session }, cancellationToken);

    /// <summary>
    /// Moves the writer's role of parts of the disk, all in one step, as <see cref="FenceAsync(string, long, int, CancellationToken)"/>
    /// does that of the whole. Refused with <see cref="AoeControlCode.RangeConflict"/> too, where they are not the parts that the disk is
    /// fenced by; and with <see cref="AoeControlCode.RangeTaken"/> where <paramref name="free"/> says that they may be taken from nobody.
    /// </summary>
    public Task<FenceAnswer> FenceAsync(
        string host, long epoch, int session, IReadOnlyList<SectorRange> ranges, CancellationToken cancellationToken, bool free = false) =>
        FenceAsync(new ControlRequest { Op = ControlOp.Fence, Host = host, Epoch = epoch, Session = session, Ranges = ranges, Free = free }, cancellationToken);

    /// <summary>Gives up the writer's role of parts of the disk; the session stays a reader.</summary>
    public Task ReleaseAsync(string host, int session, IReadOnlyList<SectorRange> ranges, CancellationToken cancellationToken) =>
        _client.CallAsync(new ControlRequest { Op = ControlOp.Release, Host = host, Session = session, Ranges = ranges }, cancellationToken);

    /// <summary>A session that was superseded in parts of the disk reads them again.</summary>
    public Task ReturnAsync(string host, int session, IReadOnlyList<SectorRange> ranges, CancellationToken cancellationToken) =>
        _client.CallAsync(new ControlRequest { Op = ControlOp.Return, Host = host, Session = session, Ranges = ranges }, cancellationToken);

    /// <summary>Parts of the disk are none any more, at the word of the writer of the rest of it.</summary>
    public Task ForgetAsync(string host, int session, IReadOnlyList<SectorRange> ranges, CancellationToken cancellationToken) =>
        _client.CallAsync(new ControlRequest { Op = ControlOp.Forget, Host = host, Session = session, Ranges = ranges }, cancellationToken);

    /// <summary>
    /// Begins a new state where there is none or where it cannot be read. <paramref name="epoch"/> is the greatest
    /// epoch known of this disk (registry, journals), so that nobody older can take it; 0 for a new disk.
    /// </summary>
    public Task InitAsync(long epoch, CancellationToken cancellationToken) => _client.CallAsync(
        new ControlRequest { Op = ControlOp.Init, Epoch = epoch }, cancellationToken);

    /// <summary>
    /// Has it serve the size that its file or device has now. A smaller one is refused with <see cref="AoeControlCode.BadRequest"/>:
    /// who uses it believes in the former.
    /// </summary>
    /// <param name="device">The export that is meant, as in <c>e0.0</c>; null where there is one only.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    public async Task<ExportStatus> GrowAsync(CancellationToken cancellationToken, string? device = null)
    {
        var reply = await _client.CallAsync(new ControlRequest { Op = ControlOp.Grow, Device = device }, cancellationToken).ConfigureAwait(false);
        return reply.Export ?? throw Incomplete(ControlOp.Grow);
    }

    /// <param name="device">The export that is meant, as in <c>e0.0</c>; null where there is one only.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    public async Task<ExportStatus> StatusAsync(CancellationToken cancellationToken, string? device = null)
    {
        var reply = await _client.CallAsync(new ControlRequest { Op = ControlOp.Status, Device = device }, cancellationToken)
            .ConfigureAwait(false);
        return reply.Export ?? throw Incomplete(ControlOp.Status);
    }

    /// <summary>Has one more disk served by the process; it is when this returns.</summary>
    public async Task<ExportStatus> AddAsync(ExportOrder order, CancellationToken cancellationToken)
    {
        var reply = await _client.CallAsync(new ControlRequest { Op = ControlOp.Add, Order = order }, cancellationToken).ConfigureAwait(false);
        return reply.Export ?? throw Incomplete(ControlOp.Add);
    }

    /// <summary>
    /// Has a disk served no longer; what was written to it is on stable storage when this returns. With
    /// <see cref="AoeControlCode.NotKept"/> it is served no longer as well, but its medium failed to sync.
    /// </summary>
    public Task RemoveAsync(string device, CancellationToken cancellationToken) =>
        _client.CallAsync(new ControlRequest { Op = ControlOp.Remove, Device = device }, cancellationToken);

    /// <summary>All that the process serves, by address.</summary>
    public async Task<IReadOnlyList<ExportStatus>> ListAsync(CancellationToken cancellationToken)
    {
        var reply = await _client.CallAsync(new ControlRequest { Op = ControlOp.List }, cancellationToken).ConfigureAwait(false);
        return reply.Exports ?? throw Incomplete(ControlOp.List);
    }

    private async Task<FenceAnswer> FenceAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        var reply = await _client.CallAsync(request, cancellationToken).ConfigureAwait(false);
        return new FenceAnswer(
            reply.PreviousEpoch ?? throw Incomplete(ControlOp.Fence), reply.Session ?? throw Incomplete(ControlOp.Fence));
    }

    private static AoeControlException Incomplete(string op) =>
        new(AoeControlCode.BadRequest, $"The export's answer to '{op}' lacks what was asked for.",
            "Are godwitd and godwit-aoe of the same version?");
}
