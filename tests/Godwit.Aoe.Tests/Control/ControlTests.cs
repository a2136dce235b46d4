using System.Net.Sockets;
using System.Text;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Control;

public sealed class ControlTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly AoeTarget _target;
    private readonly Export _export;
    private ControlServer _server = null!;

    public ControlTests()
    {
        var (link, _) = MemoryLink.Pair();
        _export = Export.Managed(new ExportSettings { Address = TargetBench.Address, Path = "memory" }, new MemoryMedium(64),
            Fence.Load(_directory.File("fence")), new TargetStart(TargetBench.BootId), NullLogger.Instance);
        _target = new AoeTarget(link, [_export], NullLogger.Instance);
    }

    private string Socket => _directory.File("ctl");

    private ExportControlClient Client => new(Socket);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _target.Start();
        _server = ControlServer.Start(Socket, new ExportControl(_target, _export, "eth1").HandleAsync, NullLogger.Instance);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _target.StopAsync();
        Assert.False(File.Exists(Socket));
        _directory.Dispose();
    }

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

    [Theory]
    [InlineData("", AoeControlCode.BadRequest)]
    [InlineData("[]", AoeControlCode.BadRequest)]
    [InlineData("null", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"fence\",\"host\":\"a\",\"epoch\":-1,\"session\":1}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"fence\",\"host\":\"a\",\"epoch\":1,\"session\":4096}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"admit\",\"host\":\"a\",\"macs\":[\"x\"]}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"admit\",\"host\":\"\",\"macs\":[]}", AoeControlCode.BadRequest)]
    [InlineData("{\"op\":\"dance\"}", AoeControlCode.UnknownOperation)]
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
