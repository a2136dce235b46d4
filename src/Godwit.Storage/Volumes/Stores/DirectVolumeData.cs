using System.Buffers;
using Godwit.Domains;
using Godwit.Native.Files;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Storage.Volumes.Stores;

/// <summary>Volumes' data by the files and devices of this host.</summary>
public sealed class DirectVolumeData : IVolumeData
{
    private const int PieceBytes = 1 << 20;

    /// <summary>What is zeroed by one call where the device does it by itself.</summary>
    private const long ZeroPieceBytes = 1L << 30;

    /// <summary>
    /// Written between two syncs: progress is of what is on the disk, and the page cache is not filled with what nobody reads
    /// again soon.
    /// </summary>
    private const long SyncEvery = 128L << 20;

    private const string Shorter = "it ends before the size that it had";

    public static readonly DirectVolumeData Instance = new();

    public Task ZeroAsync(string path, long start, long end, IProgress<WorkProgress> progress, CancellationToken cancellationToken) => Task.Run(() =>
    {
        using var file = Open(path, FileAccess.ReadWrite);
        var zeroes = new byte[PieceBytes];
        var offloads = SparseFile.Punches(file);
        long unsynced = 0;
        for (var at = start; at < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var piece = Math.Min(offloads ? ZeroPieceBytes : PieceBytes, end - at);
            Do(path, at, "write to", () =>
            {
                if (offloads && SparseFile.TryPunch(file, at, piece))
                    return;
                offloads = false;
                piece = Math.Min(piece, PieceBytes);
                PositionedIo.Write(file, zeroes.AsSpan(0, (int)piece), at);
                unsynced = SyncWhenDue(file, unsynced + piece);
            });
            at += piece;
            progress.Report(new WorkProgress(at - start, end - start));
        }
    }, cancellationToken);

    public Task CopyAsync(VolumeExtent from, VolumeExtent to, IProgress<WorkProgress> progress, CancellationToken cancellationToken) => Task.Run(() =>
    {
        using var source = Open(from.Path, FileAccess.Read);
        using var target = Open(to.Path, FileAccess.ReadWrite);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            Copy((from, source), (to, target), buffer, progress, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }, cancellationToken);

    public Task SyncAsync(string path, CancellationToken cancellationToken) => Task.Run(() =>
    {
        using var file = Open(path, FileAccess.ReadWrite);
        Do(path, 0, "sync", () => StableStorage.Sync(file));
    }, cancellationToken);

    private static void Copy(
        (VolumeExtent Part, SafeFileHandle File) from, (VolumeExtent Part, SafeFileHandle File) to, byte[] buffer,
        IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var (path, start, length) = from.Part;
        var end = start + length;
        long unsynced = 0;
        for (var at = start; at < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var data = Do(path, at, "read", () => SparseFile.NextData(from.File, at, end));
            if (data >= end)
            {
                // Behind the end of what has become shorter there is no data either.
                if (Do(path, at, "read", () => StableStorage.SizeOf(from.File)) < end)
                    throw Failed(path, at, "read", Shorter, null);
                break;
            }
            at = data;
            var read = Do(path, at, "read", () => PositionedIo.Read(from.File, buffer.AsSpan(0, (int)Math.Min(PieceBytes, end - at)), at));
            if (read == 0)
                throw Failed(path, at, "read", Shorter, null);
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                var there = to.Part.Start + at - start;
                Do(to.Part.Path, there, "write to", () =>
                {
                    PositionedIo.Write(to.File, buffer.AsSpan(0, read), there);
                    return unsynced = SyncWhenDue(to.File, unsynced + read);
                });
            }
            at += read;
            progress.Report(new WorkProgress(at - start, length));
        }
        progress.Report(new WorkProgress(length, length));
    }

    private static long SyncWhenDue(SafeFileHandle file, long unsynced)
    {
        if (unsynced < SyncEvery)
            return unsynced;
        StableStorage.Sync(file);
        return 0;
    }

    private static SafeFileHandle Open(string path, FileAccess access) =>
        Do(path, 0, "open", () => File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete));

    private static void Do(string path, long at, string what, Action step) => Do(path, at, what, () =>
    {
        step();
        return true;
    });

    private static T Do<T>(string path, long at, string what, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, at, what, e.Message, e);
        }
    }

    private static GodwitException Failed(string path, long at, string what, string reason, Exception? inner) => new(
        StorageErrors.CopyFailed, $"Could not {what} {path} at byte {at}: {reason}",
        "See the kernel's log on the storage host, and whether there is room left; nothing of the new volume was kept.", inner);
}
