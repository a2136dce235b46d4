namespace Godwit.Hypervisors.Qemu.Qmp.Commands;

/// <param name="NodeName">The block node.</param>
/// <param name="Size">In bytes.</param>
internal sealed record BlockResizeArguments(string NodeName, long Size);

/// <param name="CommandLine">A command of QEMU's older monitor, for people.</param>
internal sealed record HumanMonitorArguments(string CommandLine);

/// <summary>Disks of a running guest: commands of qapi/block-core.json, and what only the older monitor has.</summary>
internal static class BlockCommands
{
    /// <summary>Takes the new size of what serves the node, and has the guest see it.</summary>
    public static Task ResizeBlockAsync(this QmpConnection qmp, string node, long sizeBytes, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("block_resize", new BlockResizeArguments(node, sizeBytes), QmpJson.Default.BlockResizeArguments, cancellationToken);

    /// <summary>Reads the first sector of a node, beside the guest; whether it could is not asked.</summary>
    public static Task ReadBlockAsync(this QmpConnection qmp, string node, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("human-monitor-command", new HumanMonitorArguments($"qemu-io {node} \"read 0 512\""), QmpJson.Default.HumanMonitorArguments, cancellationToken);
}
