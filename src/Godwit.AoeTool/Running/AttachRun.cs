using System.Text.Json;
using Godwit.Aoe;
using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Nbd;

namespace Godwit.AoeTool.Running;

internal sealed record AttachRunOptions
{
    public required AoeAddress Device { get; init; }

    public required IReadOnlyList<string> Interfaces { get; init; }

    /// <summary>In place of interfaces: the socket of an export of this host, and the address by which its fence knows this host.</summary>
    public (string Socket, MacAddress Address)? Local { get; init; }

    public required string NbdSocket { get; init; }

    /// <summary>Listens at <see cref="NbdSocket"/> already; null: the socket is still to be made.</summary>
    public int? NbdSocketDescriptor { get; init; }

    public required string? ControlSocket { get; init; }

    public required int Session { get; init; }

    public required TimeSpan FailAfter { get; init; }

    /// <summary>Where the engine takes the order to pause; null where nobody is to be told.</summary>
    public required string? EngineSocket { get; init; }

    /// <summary>An engine uses the session already.</summary>
    public required bool InUse { get; init; }

    /// <summary>File for <see cref="AttachMemory"/>; null leaves a successor in the dark.</summary>
    public required string? Memory { get; init; }

    public required bool Json { get; init; }
}

/// <summary><c>godwit-aoe attach</c> from start to end.</summary>
internal static class AttachRun
{
    public static async Task<ExitCode> RunAsync(AttachRunOptions options, CancellationToken stop)
    {
        var log = StderrLogger.Instance;
        using var memory = options.Memory is { } file ? AttachMemory.Open(file) : null;
        var initiator = await ConnectAsync(options, memory, stop).ConfigureAwait(false);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = new NbdServer(new AoeDisk(initiator), log);
        var control = new AttachControl(initiator, server, ending.Cancel, released.Task);
        var failed = false;
        using (var listener = options.NbdSocketDescriptor is { } descriptor
            ? UnixListener.Adopt(descriptor, options.NbdSocket) : UnixListener.Bind(options.NbdSocket))
        {
            using var serving = new CancellationTokenSource();
            var served = listener.RunAsync(server.ServeAsync, serving.Token);
            await using var controlServer = options.ControlSocket is { } path
                ? ControlServer.Start(path, control.HandleAsync, log) : null;
            Announce(initiator.Status(), options);
            try
            {
                await initiator.Ended.WaitAsync(ending.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                failed = e is IOException;
            }
            await serving.CancelAsync().ConfigureAwait(false);
            await served.ConfigureAwait(false);
            failed |= !await FlushAsync(initiator).ConfigureAwait(false);
            await initiator.DisposeAsync().ConfigureAwait(false);
            released.SetResult();
        }
        return failed ? ExitCode.Failure : ExitCode.Success;
    }

    private static async Task<AoeInitiator> ConnectAsync(AttachRunOptions options, AttachMemory? memory, CancellationToken stop)
    {
        var links = OpenLinks(options);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(options.FailAfter);
        try
        {
            return await AoeInitiator.ConnectAsync(links, options.Device,
                new InitiatorOptions
                {
                    Session = options.Session,
                    FailAfter = options.FailAfter,
                    InUse = options.InUse,
                    Memory = memory,
                    StopUser = options.EngineSocket is { } engine ? new EngineStop(engine).RunAsync : null,
                },
                TimeProvider.System, StderrLogger.Instance, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new GodwitException("no-target",
                $"{options.Device} does not answer on {options.Local?.Socket ?? string.Join(" or ", options.Interfaces)} within {options.FailAfter.TotalSeconds:0} s.",
                "'godwit-aoe discover' shows what answers. Are target and interface on the same network, with the same MTU?", e);
        }
    }

    private static List<IFrameLink> OpenLinks(AttachRunOptions options)
    {
        if (options.Local is { } local) return [LocalLink.Connect(local.Socket, local.Address)];
        var links = new List<IFrameLink>();
        try
        {
            // Where there are several, one that is down now is waited for as one that goes down later is.
            var several = options.Interfaces.Count > 1;
            foreach (var name in options.Interfaces)
                links.Add(PacketLink.Open(name, AoeFilters.Answers(options.Device), mayBeDown: several));
            return links;
        }
        catch
        {
            foreach (var link in links) link.Dispose();
            throw;
        }
    }

    private static void Announce(AttachStatus status, AttachRunOptions options)
    {
        Console.Out.WriteLine(options.Json
            ? JsonSerializer.Serialize(status, ToolJson.Default.AttachStatus)
            : $"attached {status.Device} {status.Size} bytes on {status.Interface} socket {options.NbdSocket}");
        Console.Out.Flush();
    }

    // A superseded or unreachable target cannot be flushed; what was flushed before is safe all the same.
    private static async Task<bool> FlushAsync(AoeInitiator initiator)
    {
        try
        {
            await initiator.FlushAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"godwit-aoe: the last flush failed: {e.Message}").ConfigureAwait(false);
            return false;
        }
    }
}
