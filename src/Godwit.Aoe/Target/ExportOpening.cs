using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Target;

/// <summary>From an order to an export that serves: each thing that is wrong with it is named, with what to do.</summary>
internal static class ExportOpening
{
    private const int MostBuffers = 1024;

    /// <exception cref="AoeControlException">The order contradicts itself.</exception>
    public static ExportSettings Settings(ExportOrder order)
    {
        if (!AoeAddress.TryParse(order.Device, out var address))
            throw Bad("device", $"shelf and slot, as in e0.0, not '{order.Device}'");
        if (!Path.IsPathRooted(order.Path)) throw Bad("path", $"a path from the root, not '{order.Path}'");
        if (order.Interfaces.Count == 0) throw Bad("interfaces", "one network interface at least");
        if (order.Buffers is < 1 or > MostBuffers) throw Bad("buffers", $"a number from 1 to {MostBuffers}");
        if (order.Offset < 0 || order.Offset % AoeProtocol.SectorBytes != 0) throw Bad("offset", "a number of bytes that is whole sectors of 512");
        if (order.Length is <= 0) throw Bad("length", "a number of bytes above 0");
        if (order is { Managed: true, State: null }) throw Bad("state", "a directory that keeps the fence over restarts, with managed");
        if (order is { NewState: true, Managed: false }) throw Bad("newState", "left out without managed: there is no fence to begin");
        if (order is { WriteCache: true, Managed: true })
            throw Bad("writeCache", "left out with managed: a pool's initiators ask for a write cache themselves, and keep what is not flushed");
        return new ExportSettings
        {
            Address = address,
            Path = order.Path,
            ReadOnly = order.ReadOnly,
            WriteCache = order.WriteCache,
            Macs = [.. order.Macs.Select(text => MacAddress.TryParse(text, null, out var mac) ? mac : throw Bad("macs", $"Ethernet addresses, not '{text}'"))],
            StateDirectory = order.State,
            BufferCount = (ushort)order.Buffers,
        };
    }

    /// <exception cref="GodwitException">The medium or its state cannot be used.</exception>
    public static Export Open(ExportSettings settings, ExportOrder order, ILogger logger)
    {
        var medium = OpenMedium(order);
        try
        {
            if (!order.Managed) return Export.Standalone(settings, medium, settings.StateDirectory is null ? TargetStart.ByTheClock(DateTimeOffset.UtcNow) : TargetStart.Next(settings.MarkPath), logger);
            var fence = Fence.Load(settings.FencePath);
            if (order.NewState) Begin(fence, settings);
            return Export.Managed(settings, medium, fence, TargetStart.Next(settings.MarkPath), logger);
        }
        catch
        {
            medium.Dispose();
            throw;
        }
    }

    /// <summary>Two processes with one fence would each believe their own.</summary>
    /// <exception cref="GodwitException">Another process has it, or the directory cannot be used.</exception>
    public static FileStream? Claim(ExportSettings settings)
    {
        if (settings.StateDirectory is not { } directory) return null;
        var path = Path.Combine(directory, $"{settings.Address}.lock");
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GodwitException("no-state-directory", $"The state of {settings.Address} cannot be kept in {directory}: {e.Message}",
                "Give a directory that can be made and written to.", e);
        }
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new GodwitException("no-state-directory", $"The state of {settings.Address} cannot be kept: {e.Message}",
                "Give a directory that can be written to.", e);
        }
        catch (IOException e)
        {
            throw new GodwitException("already-exported",
                $"Another process exports {settings.Address} with the state in {directory}.", "End it first, or take another address.", e);
        }
    }

    private static FileMedium OpenMedium(ExportOrder order)
    {
        FileMedium medium;
        try
        {
            medium = FileMedium.Open(order.Path, order.ReadOnly, order.Offset, order.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new GodwitException("no-medium", $"Cannot serve {order.Path}: {e.Message}",
                "Give a file or block device that exists and may be opened; --read-only asks for no right to write.", e);
        }
        if (medium.SizeBytes > 0) return medium;
        medium.Dispose();
        throw new GodwitException("no-medium", $"Cannot serve {order.Path}: there is not one sector of 512 bytes{(order.Offset > 0 ? $" from byte {order.Offset} on" : "")}.",
            "truncate -s 5G FILE makes a sparse file.");
    }

    // Never over a state that was used: --new-state left in a unit file must not forget who the writer is.
    private static void Begin(Fence fence, ExportSettings settings)
    {
        if (fence.State is { Epoch: 0, Writer: null, Readers.IsEmpty: true }) return;
        if (fence.State is null && !File.Exists(settings.FencePath))
        {
            fence.Initialize(0);
            return;
        }
        throw new GodwitException("has-fence-state", $"{settings.FencePath} exists already.",
            "Leave out --new-state to go on with it. If it is damaged, 'init' on the control socket replaces it.");
    }

    private static AoeControlException Bad(string member, string expected) =>
        new(AoeControlCode.BadRequest, $"The export's {member} has to be {expected}.");
}
