using System.ComponentModel;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Storage.Images;

/// <summary>Programs of the system that work on images; what they complain of in words for the person who asked.</summary>
internal static class ImagePrograms
{
    private const string NoSpace = "No space left on device";

    /// <summary>Runs a program to its end and gives its output.</summary>
    /// <param name="package">Debian's package that has the program.</param>
    /// <param name="arguments">The program, then its arguments.</param>
    /// <param name="explain">Makes an error of a failure; called with what the program said last.</param>
    /// <param name="onLine">Called for each line of either output.</param>
    /// <param name="ct">Ends the program.</param>
    /// <exception cref="GodwitException">It is not there, the storage is full, or what <paramref name="explain"/> gives.</exception>
    public static async Task<string> RunAsync(
        string package, IReadOnlyList<string> arguments, Func<string, GodwitException> explain, Action<string>? onLine, CancellationToken ct)
    {
        ProgramResult result;
        try
        {
            result = await ProgramRunner.TryRunAsync(arguments, onLine: onLine, ct: ct).ConfigureAwait(false);
        }
        catch (Win32Exception e)
        {
            throw new GodwitException(
                ImageErrors.MissingProgram, $"{arguments[0]} is needed for this and cannot be run on {Environment.MachineName}: {e.Message}",
                $"Install it there: apt install {package}", e);
        }
        if (result.Succeeded)
            return result.Output;
        var said = (result.Error.Trim().Length > 0 ? result.Error : result.Output).Trim();
        throw said.Contains(NoSpace, StringComparison.Ordinal) ? Full(said.Split('\n')[^1]) : explain(said);
    }

    public static GodwitException Full(string said) => new(
        ImageErrors.DiskFull, $"The storage host has no room left: {said}", "Remove images or volumes that are not needed, or give its disk more room.");

    /// <summary>What a failed write of our own is to be called.</summary>
    public static bool IsFull(IOException e)
    {
        const int ENOSPC = 28, EDQUOT = 122;
        return (e.HResult & 0xFFFF) is ENOSPC or EDQUOT;
    }
}
