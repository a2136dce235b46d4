namespace Godwit.Faults;

/// <summary>What a guest's kernel says on the consoles of its copies when it has failed.</summary>
internal static class GuestFailure
{
    private static readonly string[] Signs =
        ["BUG:", "Oops", "general protection", "Kernel panic", "RIP: ", "stack-protector", "rcu: INFO", "Unable to handle", "segfault at", "is not a head"];

    public static string? Find(FaultLab lab)
    {
        foreach (var host in FaultLab.Computes)
        {
            var directory = Path.Combine(lab.Lab.Paths.Host(host, "run"), "qemu");
            if (!Directory.Exists(directory))
                continue;
            foreach (var console in Directory.EnumerateFiles(directory, "console.log", SearchOption.AllDirectories))
            {
                if (File.ReadLines(console).FirstOrDefault(line => Signs.Any(sign => line.Contains(sign, StringComparison.Ordinal))) is { } said)
                    return $"the guest's kernel failed: {said.Trim()}";
            }
        }
        return null;
    }
}
