namespace Godwit.Daemon.Roles;

/// <summary>Where Godwit's other programs are.</summary>
internal static class Programs
{
    /// <summary>A path as it is; a bare name beside this program, where it is installed together with it, else by PATH.</summary>
    public static string Find(string program)
    {
        if (program.Contains('/'))
            return program;
        var beside = Path.Combine(AppContext.BaseDirectory, program);
        return File.Exists(beside) ? beside : program;
    }
}
