using System.Text.Json.Serialization;

namespace Godwit.Hypervisors.Qemu.Qmp.Commands;

internal sealed record MigrationCapability(string Capability, bool State);

internal sealed record MigrationCapabilities(MigrationCapability[] Capabilities);

/// <param name="DowntimeLimit">Milliseconds.</param>
/// <param name="MaxBandwidth">Bytes per second.</param>
internal sealed record MigrationParameters(long DowntimeLimit, long MaxBandwidth);

internal sealed record MigrateArguments(string Uri);

internal sealed record MigrateContinueArguments(string State);

/// <summary>MigrationInfo of qapi/migration.json, as far as it is used here; all of it is absent before the first migration.</summary>
internal sealed record MigrationInfo
{
    public string? Status { get; init; }

    public MigrationRam? Ram { get; init; }

    /// <summary>Milliseconds.</summary>
    public long ExpectedDowntime { get; init; }

    public string? ErrorDesc { get; init; }
}

/// <param name="Transferred">Bytes sent so far.</param>
/// <param name="Remaining">Bytes left in this round.</param>
/// <param name="Total">Bytes of guest memory.</param>
/// <param name="DirtySyncCount">Rounds so far.</param>
/// <param name="DirtyPagesRate">Pages per second.</param>
/// <param name="PageSize">Bytes.</param>
/// <param name="Mbps">Throughput in megabits per second.</param>
internal sealed record MigrationRam(
    long Transferred,
    long Remaining,
    long Total,
    long DirtySyncCount,
    long DirtyPagesRate,
    long PageSize,
    [property: JsonPropertyName("mbps")] double Mbps);

/// <summary>MigrationStatus of qapi/migration.json.</summary>
internal static class MigrationStatus
{
    public const string PreSwitchover = "pre-switchover", Device = "device", Completed = "completed", Failed = "failed", Cancelled = "cancelled";

    /// <summary>Whether a migration in this state comes to no other one.</summary>
    public static bool HasEnded(string? status) => status is null or "none" or Completed or Failed or Cancelled;
}

/// <summary>MigrationCapability of qapi/migration.json, as far as one is named here.</summary>
internal static class MigrationCapabilityName
{
    /// <summary>The other side says when it has loaded all, and only then is the migration completed.</summary>
    public const string ReturnPath = "return-path";
}

/// <summary>Live migration: commands of qapi/migration.json.</summary>
internal static class MigrationCommands
{
    public static Task<MigrationCapability[]> QueryMigrateCapabilitiesAsync(
        this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.QueryAsync("query-migrate-capabilities", QmpJson.Default.MigrationCapabilityArray, cancellationToken);

    public static Task SetMigrateCapabilitiesAsync(
        this QmpConnection qmp, IEnumerable<string> names, bool enabled, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync(
            "migrate-set-capabilities",
            new MigrationCapabilities([.. names.Select(name => new MigrationCapability(name, enabled))]),
            QmpJson.Default.MigrationCapabilities,
            cancellationToken);

    public static Task SetMigrateParametersAsync(
        this QmpConnection qmp, MigrationParameters parameters, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("migrate-set-parameters", parameters, QmpJson.Default.MigrationParameters, cancellationToken);

    /// <summary>Begins to send; QEMU connects to the address after the reply.</summary>
    public static Task MigrateAsync(this QmpConnection qmp, string uri, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("migrate", new MigrateArguments(uri), QmpJson.Default.MigrateArguments, cancellationToken);

    /// <summary>Begins to listen; after the reply the address takes a connection.</summary>
    public static Task MigrateIncomingAsync(this QmpConnection qmp, string uri, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("migrate-incoming", new MigrateArguments(uri), QmpJson.Default.MigrateArguments, cancellationToken);

    /// <summary>Ends the wait in a state such as <c>pre-switchover</c>; refused in any other state.</summary>
    public static Task MigrateContinueAsync(this QmpConnection qmp, string state, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync(
            "migrate-continue", new MigrateContinueArguments(state), QmpJson.Default.MigrateContinueArguments, cancellationToken);

    /// <summary>Gives up; harmless when there is nothing to give up.</summary>
    public static Task MigrateCancelAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("migrate_cancel", cancellationToken);

    public static Task<MigrationInfo> QueryMigrateAsync(this QmpConnection qmp, CancellationToken cancellationToken) =>
        qmp.QueryAsync("query-migrate", QmpJson.Default.MigrationInfo, cancellationToken);
}
