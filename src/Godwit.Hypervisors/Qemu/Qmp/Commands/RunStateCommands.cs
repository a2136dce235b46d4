namespace Godwit.Hypervisors.Qemu.Qmp.Commands;

/// <param name="Status">RunState of qapi/run-state.json, such as <c>running</c> or <c>postmigrate</c>.</param>
/// <param name="Running">Whether the guest executes.</param>
internal sealed record StatusInfo(string Status, bool Running);

internal sealed record SendKeyArguments(QKeyValue[] Keys);

/// <param name="Type">Always <c>qcode</c> here.</param>
/// <param name="Data">QKeyCode of qapi/ui.json.</param>
internal sealed record QKeyValue(string Type, string Data);

/// <summary>Whether the guest runs: commands of qapi/run-state.json and qapi/misc.json.</summary>
internal static class RunStateCommands
{
    private static readonly SendKeyArguments CtrlAltDelete =
        new([new("qcode", "ctrl"), new("qcode", "alt"), new("qcode", "delete")]);

    public static Task<StatusInfo> QueryStatusAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.QueryAsync("query-status", QmpJson.Default.StatusInfo, cancellationToken);

    /// <summary>Lets the guest run; RESUME follows, or preceded the reply.</summary>
    public static Task ContinueAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("cont", cancellationToken);

    public static Task StopAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("stop", cancellationToken);

    /// <summary>Presses the ACPI power button.</summary>
    public static Task PowerDownAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("system_powerdown", cancellationToken);

    /// <summary>Presses ctrl-alt-delete, which init programs take as the wish for an orderly restart.</summary>
    public static Task PressCtrlAltDeleteAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("send-key", CtrlAltDelete, QmpJson.Default.SendKeyArguments, cancellationToken);
}
