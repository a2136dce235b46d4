using Godwit.Domains;

namespace Godwit.Pool.Tests;

internal static class Records
{
    public static readonly Guid Relocation = new("11111111-2222-3333-4444-555555555555");

    public static readonly RelocationIntent Intent = new(Relocation, "a", "b");

    public static DomainRecord New(string name = "vm1") => new()
    {
        Spec = new DomainSpec { Name = name, MemoryMiB = 128 },
        Pin = new HardwarePin("engine", "tcg", "machine-1", "cpu-1"),
        Owner = "a",
        Epoch = 7,
        RunState = RunState.Running,
    };
}
