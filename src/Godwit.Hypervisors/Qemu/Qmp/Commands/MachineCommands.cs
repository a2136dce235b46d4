namespace Godwit.Hypervisors.Qemu.Qmp.Commands;

/// <param name="Name">Such as <c>pc-q35-7.2</c>.</param>
/// <param name="Alias">Such as <c>q35</c>, for the newest of its kind.</param>
internal sealed record MachineInfo(string Name, string? Alias);

/// <param name="Name">Such as <c>Nehalem-v1</c>.</param>
/// <param name="UnavailableFeatures">What this host with this accelerator lacks for the model.</param>
internal sealed record CpuDefinition(string Name, string[]? UnavailableFeatures);

/// <summary>What this QEMU can be: commands of qapi/machine.json.</summary>
internal static class MachineCommands
{
    public static Task<MachineInfo[]> QueryMachinesAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.QueryAsync("query-machines", QmpJson.Default.MachineInfoArray, cancellationToken);

    public static Task<CpuDefinition[]> QueryCpuDefinitionsAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.QueryAsync("query-cpu-definitions", QmpJson.Default.CpuDefinitionArray, cancellationToken);

    /// <summary>Ends QEMU; the line breaks right after, or before the reply.</summary>
    public static Task QuitAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("quit", cancellationToken);
}
