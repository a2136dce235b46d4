using System.Collections.Immutable;
using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using Godwit.Domains;
using Godwit.Native.Files;
using Godwit.Native.Processes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Volumes;

/// <summary>Format of a file that a volume is written to.</summary>
public enum ImageFormat
{
    /// <summary>As the guest sees it; holes take no room.</summary>
    Raw = 1,

    /// <summary>QEMU's own, by qemu-img.</summary>
    Qcow2,
}

/// <summary>
/// Writes a volume to a file of this host, which only root may read. It has another name until it is complete, so that nobody
/// takes half of it for the whole.
/// </summary>
internal sealed partial class VolumeFileWriter(IVolumeData data)
{
    /// <exception cref="GodwitException">The file is there already, or cannot be written.</exception>
    public async Task WriteAsync(
        ImmutableArray<VolumeExtent> parts, string file, ImageFormat format, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        if (!Path.IsPathRooted(file) || Path.EndsInDirectorySeparator(file))
            throw new GodwitException(StorageErrors.BadFile, $"'{file}' is not the path of a file from the root.", "Write it in full, as in /srv/backup/vm1.img.");
        if (Path.Exists(file))
            throw new GodwitException(StorageErrors.FileExists, $"{file} is there already.", "Remove it, or choose another name.");
        if (format == ImageFormat.Qcow2 && parts.Length > 1)
            throw new GodwitException(StorageErrors.BadFile, "The volume lies in several parts, of which qemu-img cannot make one file.", "Write it as raw.");
        var sizeBytes = parts.Sum(part => part.Length);
        var unfinished = file + ".part";
        try
        {
            VolumeFile.Create(unfinished, format == ImageFormat.Raw ? sizeBytes : 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GodwitException(StorageErrors.BadFile, $"{unfinished} cannot be made: {e.Message}", "See that the directory is there, and that nobody else writes this file.", e);
        }
        try
        {
            if (format == ImageFormat.Raw)
                await new PartedWork(data).Copy(parts, [VolumeExtent.Whole(unfinished, sizeBytes)]).RunAsync(progress, cancellationToken).ConfigureAwait(false);
            else
                await ConvertAsync(parts[0], unfinished, progress, cancellationToken).ConfigureAwait(false);
            await data.SyncAsync(unfinished, cancellationToken).ConfigureAwait(false);
            File.Move(unfinished, file);
            StableStorage.SyncDirectory(Path.GetDirectoryName(file)!);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    private static async Task ConvertAsync(VolumeExtent part, string file, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var sizeBytes = part.Length;
        var source = string.Create(CultureInfo.InvariantCulture, $"driver=raw,offset={part.Start},size={sizeBytes},file.filename={part.Path.Replace(",", ",,", StringComparison.Ordinal)}");
        string[] command = ["qemu-img", "convert", "-p", "--image-opts", source, "-O", "qcow2", file];
        try
        {
            var result = await ProgramRunner.TryRunAsync(command, onLine: line =>
            {
                // "    (12.34/100%)", a line each by carriage returns.
                if (Share().Match(line) is { Success: true } match)
                    progress.Report(new WorkProgress((long)(sizeBytes * double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) / 100), sizeBytes));
            }, ct: cancellationToken).ConfigureAwait(false);
            if (!result.Succeeded)
                throw new GodwitException(StorageErrors.CopyFailed, $"qemu-img refused: {result.Error.Trim()}", "See whether there is room left on the storage host.");
        }
        catch (Win32Exception e)
        {
            throw new GodwitException(StorageErrors.CopyFailed, $"qemu-img could not be run: {e.Message}", "apt install qemu-utils, or write the volume as raw.", e);
        }
    }

    [GeneratedRegex(@"\(([0-9.]+)/100%\)")]
    private static partial Regex Share();
}
