using System.Net.Sockets;
using System.Text;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Domains;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Control;

public sealed class ControlTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Dictionary<string, MemoryLink> _links = [];
    private readonly TargetSet _targets;
    private ControlServer _server = null!;

    public ControlTests() => _targets = new TargetSet(
        (name, _) => name == "down" ? throw new GodwitException("no-interface", "It is down.") : _links[name] = MemoryLink.Pair().A, NullLogger.Instance);

    private string Socket => _directory.File("ctl");

    private ExportControlClient Client => new(Socket);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using (var disk = File.Create(_directory.File("disk"))) disk.SetLength(64 << 10);
        await _targets.AddAsync(Order("e0.0") with { Managed = true, State = _directory.File("state") }, Ct);
        _server = ControlServer.Start(Socket, new TargetControl(_targets).HandleAsync, NullLogger.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _targets.DisposeAsync();
        Assert.False(File.Exists(Socket));
        _directory.Dispose();
    }

    private ExportOrder Order(string device) => new() { Path = _directory.File("disk"), Device = device, Interfaces = ["eth1"] };

    [Fact]
    public async Task The_fence_is_set_through_the_socket()
    {
        var refusal = await Assert.ThrowsAsync<AoeControlException>(() => Client.AdmitAsync("a", ["02:00:00:00:00:a0"], Ct));
        Assert.Equal(AoeControlCode.NoFenceState, refusal.Code);
        await Client.InitAsync(4, Ct);
        var a = await Client.AdmitAsync("a", ["02:00:00:00:00:a0", "02:00:00:00:00:a1"], Ct);
        var b = await Client.AdmitAsync("b", ["02:00:00:00:00:b0"], Ct);
        Assert.Equal(new FenceAnswer(4, a), await Client.FenceAsync("a", 5, a, Ct));
        Assert.Equal(new FenceAnswer(5, b), await Client.FenceAsync("b", 6, b, Ct));
        refusal = await Assert.ThrowsAsync<AoeControlException>(() => Client.FenceAsync("a", 5, a, Ct));
        Assert.Equal((AoeControlCode.StaleEpoch, 6L), (refusal.Code, refusal.HeldEpoch));
        var status = await Client.StatusAsync(Ct);
        Assert.Equal((6L, "b", b, true), (status.Epoch, status.Writer!.Host, status.Writer.Session, status.ServesWrites));
        Assert.Equal(["02:00:00:00:00:b0"], status.Writer.Macs);
        await Client.ReleaseAsync("b", b, Ct);
        await Client.ReleaseAsync("b", b, Ct);
        Assert.Null((await Client.StatusAsync(Ct)).Writer);
    }

    [Fact]
    public async Task So_is_the_fence_of_parts_of_a_disk()
    {
        await Client.InitAsync(0, Ct);
        var (a, b) = (await Client.AdmitAsync("a", ["02:00:00:00:00:a0"], Ct), await Client.AdmitAsync("b", ["02:00:00:00:00:b0"], Ct));
        var (rest, one, two) = (new SectorRange(0, 8, Rest: true), new SectorRange(8, 8), new SectorRange(16, 8));
        Assert.Equal(new FenceAnswer(0, a), await Client.FenceAsync("a", 4, a, [rest, one], Ct));
        Assert.Equal(new FenceAnswer(0, b), await Client.FenceAsync("b", 6, b, [two], Ct));
        Assert.Equal(AoeControlCode.RangeTaken, (await Refused(() => Client.FenceAsync("b", 7, b, [rest], Ct, free: true))).Code);
        Assert.Equal(new FenceAnswer(4, b), await Client.FenceAsync("b", 7, b, [one], Ct));
        Assert.Equal(AoeControlCode.NotAdmitted, (await Refused(() => Client.FenceAsync("a", 8, a, [one], Ct))).Code);
        await Client.ReturnAsync("a", a, [one], Ct);
        Assert.Equal(7, (await Client.FenceAsync("a", 8, a, [one], Ct)).PreviousEpoch);
        Assert.Equal(AoeControlCode.RangeConflict, (await Refused(() => Client.ForgetAsync("a", a, [two], Ct))).Code);
        await Client.ReleaseAsync("b", b, [two], Ct);
        var status = await Client.StatusAsync(Ct);
        Assert.Equal((8L, null), (status.Epoch, status.Writer));
        Assert.Equal([new RangeStatus(0, 8, true, 4, a), new RangeStatus(8, 8, false, 8, a), new RangeStatus(16, 8, false, 6, 0)], status.Ranges);
        await Client.ForgetAsync("a", a, [two], Ct);
        Assert.Equal(2, (await Client.StatusAsync(Ct)).Ranges.Count);
        // As many as a request may have fit its line.
        await Client.FenceAsync("a", 9, a, [.. Enumerable.Range(0, 192).Select(i => new SectorRange((1L << 47) + 2 * i, 1))], Ct);
        Assert.Equal(AoeControlCode.BadRequest,
            (await Refused(() => Client.FenceAsync("a", 9, a, [.. Enumerable.Range(0, 193).Select(i => new SectorRange(1024 + 2 * i, 1))], Ct))).Code);
    }

    [Theory]
    [InlineData("{\"op\":\"fence\",\"host\":\"a\",\"epoch\":1,\"session\":1,\"ranges\":[]}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"fence\",\"host\":\"a\",\"epoch\":1,\"session\":1,\"ranges\":[{\"start\":-1,\"length\":1}]}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"fence\",\"host\":\"a\",\"epoch\":1,\"session\":1,\"ranges\":[{\"start\":1,\"length\":9223372036854775807}]}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"return\",\"host\":\"a\",\"session\":1}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"forget\",\"host\":\"a\",\"session\":1}", AoeControlCode.BadRequest)]
    [InlineData("", AoeControlCode.BadRequest)]
    [InlineData("[]", AoeControlCode.BadRequest)]
    [InlineData("null", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"fence\",\"host\":\"a\",\"epoch\":-1,\"session\":1}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"fence\",\"host\":\"a\",\"epoch\":1,\"session\":4096}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"admit\",\"host\":\"a\",\"macs\":[\"x\"]}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"admit\",\"host\":\"\",\"macs\":[]}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"dance\"}", AoeControlCode.UnknownOperation)]
    [InlineData("{\"op\":\"add\"}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"add\",\"order\":{\"path\":\"x\",\"device\":\"e0.1\",\"interfaces\":[\"a\"]}}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"add\",\"order\":{\"path\":\"/x\",\"device\":\"0:1\",\"interfaces\":[\"a\"]}}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"add\",\"order\":{\"path\":\"/x\",\"device\":\"e0.1\",\"interfaces\":[]}}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"add\",\"order\":{\"device\":\"e0.1\"}}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"remove\"}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"remove\",\"device\":\"e0.9\"}", AoeControlCode.NoExport)]
    [InlineData("{\"op\":\"status\",\"device\":\"nonsense\"}", AoeControlCode.NoExport)]
    public async Task Nonsense_is_answered_with_a_code_and_the_connection_goes_on(string line, string code)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), Ct);
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n{\"op\":\"status\"}\n"), Ct);
        Assert.Contains($"\"code\":\"{code}\"", await reader.ReadLineAsync(Ct), StringComparison.Ordinal);
        Assert.Contains("\"ok\":true", await reader.ReadLineAsync(Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disks_come_and_go_beside_each_other()
    {
        var added = await Client.AddAsync(Order("e0.2") with { Offset = 4096, Length = 8192, ReadOnly = true, Macs = ["02:00:00:00:00:a0"] }, Ct);
        Assert.Equal(("e0.2", 8192L, true, false), (added.Device, added.Size, added.ReadOnly, added.ServesWrites));
        await Client.AddAsync(Order("e0.1") with { Interfaces = ["eth1", "eth2"], WriteCache = true }, Ct);
        Assert.Equal(["e0.0", "e0.1", "e0.2"], (await Client.ListAsync(Ct)).Select(e => e.Device));
        Assert.Equal(2, (await Client.StatusAsync(Ct, "e0.1")).Interfaces.Count);
        // With several, who is meant has to be said.
        Assert.Equal(AoeControlCode.NoExport, (await Refused(() => Client.StatusAsync(Ct))).Code);
        await Client.RemoveAsync("e0.0", Ct);
        await Client.RemoveAsync("e0.1", Ct);
        Assert.Equal("e0.2", (await Client.StatusAsync(Ct)).Device);
        // Its address and its state are free again.
        await Client.AddAsync(Order("e0.0") with { Managed = true, State = _directory.File("state") }, Ct);
    }

    [Fact]
    public async Task What_cannot_be_served_is_refused_and_leaves_nothing_open()
    {
        var free = Order("e1.0") with { State = _directory.File("other") };
        Assert.Equal(AoeControlCode.BadRequest, (await Refused(() => Client.AddAsync(Order("e0.0"), Ct))).Code);
        Assert.Equal("no-medium", (await Refused(() => Client.AddAsync(free with { Path = _directory.File("none") }, Ct))).Code);
        Assert.Equal("no-medium", (await Refused(() => Client.AddAsync(free with { Offset = 64 << 10 }, Ct))).Code);
        Assert.Equal("no-interface", (await Refused(() => Client.AddAsync(free with { Interfaces = ["eth1", "down"] }, Ct))).Code);
        foreach (var wrong in (ExportOrder[])[free with { Offset = 100 }, free with { Length = 0 }, free with { Buffers = 0 },
            free with { Macs = ["x"] }, free with { NewState = true }, free with { Managed = true, State = null },
            free with { Managed = true, WriteCache = true }])
            Assert.Equal(AoeControlCode.BadRequest, (await Refused(() => Client.AddAsync(wrong, Ct))).Code);
        await Client.AddAsync(free, Ct);
        // The same state for a second process.
        await using var second = new TargetSet((_, _) => MemoryLink.Pair().A, NullLogger.Instance);
        Assert.Equal("already-exported", (await Assert.ThrowsAsync<GodwitException>(() => second.AddAsync(free, Ct))).Code);
    }

    [Fact]
    public async Task A_directory_that_cannot_keep_the_state_is_an_error_of_that_disk_alone()
    {
        await File.WriteAllTextAsync(_directory.File("file"), "", Ct);
        var refusal = await Refused(() => Client.AddAsync(Order("e1.0") with { State = Path.Combine(_directory.File("file"), "state") }, Ct));
        Assert.Equal("no-state-directory", refusal.Code);
        Assert.NotNull(refusal.Remedy);
        Assert.Equal("e0.0", (await Client.StatusAsync(Ct)).Device);
    }

    /// <summary>The process ends when nobody is served any more, and not before.</summary>
    [Fact]
    public async Task A_disk_that_has_lost_its_interfaces_takes_no_other_with_it()
    {
        await Client.AddAsync(Order("e0.1") with { Interfaces = ["eth2", "eth3"] }, Ct);
        _links["eth2"].Fail();
        await Task.Delay(100, Ct);
        Assert.Null((await Client.StatusAsync(Ct, "e0.1")).Problem);
        _links["eth3"].Fail();
        for (var i = 0; i < 1000 && (await Client.StatusAsync(Ct, "e0.1")).Problem is null; i++) await Task.Delay(20, Ct);
        var list = await Client.ListAsync(Ct);
        Assert.Equal(["e0.0", "e0.1"], list.Select(e => e.Device));
        Assert.Contains("interfaces have failed", list[1].Problem, StringComparison.Ordinal);
        Assert.False(list[1].ServesWrites || _targets.Failed.IsCompleted);
        await Client.RemoveAsync("e0.1", Ct);
        Assert.False(_targets.Failed.IsCompleted);
        await Client.AddAsync(Order("e0.1") with { Interfaces = ["eth2"] }, Ct);
        _links["eth1"].Fail();
        _links["eth2"].Fail();
        await Assert.ThrowsAsync<IOException>(() => _targets.Failed.WaitAsync(TimeSpan.FromSeconds(10), Ct));
    }

    private static Task<AoeControlException> Refused(Func<Task> call) => Assert.ThrowsAsync<AoeControlException>(call);

    [Fact]
    public async Task A_line_without_end_ends_the_connection()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), Ct);
        await Assert.ThrowsAnyAsync<SocketException>(async () =>
        {
            // Until the other side has had enough; far more than it should ever take.
            for (var i = 0; i < 10_000; i++) await socket.SendAsync(new byte[4096].AsMemory(), Ct);
        });
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void The_socket_is_for_its_owner_alone_and_is_not_taken_from_a_living_process()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket) & (UnixFileMode)0x1FF);
        Assert.Throws<IOException>(() => UnixListener.Bind(Socket));
        // One that was left behind by a dead process is replaced.
        var left = _directory.File("left");
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(left + "-bound"));
            File.Move(left + "-bound", left);
        }
        UnixListener.Bind(left).Dispose();
    }

    [Fact]
    public async Task Nobody_there_is_said_so()
    {
        var error = await Assert.ThrowsAsync<AoeControlException>(() => new AttachControlClient(_directory.File("none")).StatusAsync(Ct));
        Assert.Equal(AoeControlCode.NotRunning, error.Code);
        Assert.NotNull(error.Remedy);
    }
}
