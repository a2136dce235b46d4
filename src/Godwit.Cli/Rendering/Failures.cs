using System.Text.Json;
using Godwit.Api;
using Godwit.Cli.Running;
using Godwit.Domains;

namespace Godwit.Cli.Rendering;

/// <summary>
/// What went wrong, on standard error: <c>godwit: message</c> (or <c>xm:</c>, where it was called so) and below it what to do; with <c>--json</c> one
/// <see cref="ApiError"/> in a line.
/// </summary>
internal static class Failures
{
    public static ExitCode Print(Exception failure, bool json, Surroundings around)
    {
        if (failure is OperationCanceledException && around.Interrupts.First.IsCancellationRequested)
        {
            Print(new ApiError("interrupted", "interrupted"), json, around);
            return ExitCode.Interrupted;
        }
        var error = Describe(failure);
        Print(error, json, around);
        return CodeOf(error);
    }

    public static void Print(ApiError error, bool json, Surroundings around)
    {
        try
        {
            if (json)
            {
                around.Error.WriteLine(JsonSerializer.Serialize(error, GodwitJson.Default.ApiError));
                return;
            }
            around.Error.WriteLine($"{around.Program}: {error.Message}");
            foreach (var line in error.Remedy?.Split('\n') ?? []) around.Error.WriteLine("  " + line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Standard error is closed: the exit code is all that can still be said.
        }
    }

    public static ExitCode CodeOf(ApiError error) => error.Code switch
    {
        ApiException.NoDaemon => ExitCode.NoDaemon,
        "timed-out" or "interrupted" => ExitCode.Interrupted,
        _ => ExitCode.Failed,
    };

    private static ApiError Describe(Exception failure) => failure switch
    {
        ApiException e => e.Error,
        GodwitException e => new ApiError(e.Code, e.Message, e.Remedy),
        FileNotFoundException or DirectoryNotFoundException => new ApiError("no-such-file", failure.Message),
        IOException or UnauthorizedAccessException => new ApiError("io-error", failure.Message),
        TimeoutException or OperationCanceledException => new ApiError("timed-out", "godwitd did not answer in time"),
        _ => new ApiError("internal-error", $"this should not happen: {failure.GetType().Name}: {failure.Message}",
            "please report it with the command that you gave"),
    };
}
