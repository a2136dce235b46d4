using System.ComponentModel;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Storage.Volumes.Stores.Lvm;

/// <summary>Runs LVM's commands, with exact arguments and in English.</summary>
/// <param name="run">Runs a program; null runs it on this host.</param>
public sealed class LvmTool(Func<IReadOnlyList<string>, CancellationToken, Task<ProgramResult>>? run = null)
{
    private readonly Func<IReadOnlyList<string>, CancellationToken, Task<ProgramResult>> _run =
        run ?? ((command, ct) => ProgramRunner.TryRunAsync(command, ct: ct));

    /// <summary>Runs a command and gives its output.</summary>
    /// <exception cref="GodwitException">It failed; what LVM said is in the message, and decides the code.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var result = await TryRunAsync(command, cancellationToken).ConfigureAwait(false);
        return result.Succeeded ? result.Output : throw LvmErrors.Of(command, result);
    }

    /// <summary>Runs a command that may fail.</summary>
    /// <exception cref="GodwitException">There is no LVM.</exception>
    public async Task<ProgramResult> TryRunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        try
        {
            return await _run(["env", "LC_ALL=C", .. command], cancellationToken).ConfigureAwait(false);
        }
        catch (Win32Exception e)
        {
            throw new GodwitException(StorageErrors.LvmFailed, $"{command[0]} could not be run: {e.Message}", "apt install lvm2", e);
        }
    }
}
