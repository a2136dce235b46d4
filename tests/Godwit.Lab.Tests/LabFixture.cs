using System.Runtime.CompilerServices;

namespace Godwit.Lab.Tests;

/// <summary>A lab of bare hosts, one at a time, in a directory of the tests' own.</summary>
public sealed class LabFixture : IAsyncLifetime
{
    public const string Name = "gwtest";

    public Lab Lab { get; private set; } = null!;

    public static LabSpec Spec { get; } = LabSpec.WithResources(2, Name) with { StartDaemons = false };

    [ModuleInitializer]
    internal static void UseOwnDirectory() => Environment.SetEnvironmentVariable("GODWIT_LAB_ROOT", "/run/gwtest");

    public async ValueTask InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess) return;
        await Lab.DownAsync(Name);
        Lab = await Lab.UpAsync(Spec);
    }

    public async ValueTask DisposeAsync()
    {
        if (Environment.IsPrivilegedProcess) await Lab.DownAsync(Name);
    }
}
