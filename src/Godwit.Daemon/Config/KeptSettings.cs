using Godwit.Daemon.Pki;

namespace Godwit.Daemon.Config;

/// <summary>What <c>pool init</c> or <c>pool join</c> settled of this host: <c>godwitd.toml</c> in the state directory.</summary>
internal static class KeptSettings
{
    /// <exception cref="Godwit.Domains.GodwitException">The file says something that has no meaning.</exception>
    public static HostSettings Load(string stateDirectory, LocalDefaults defaults)
    {
        var path = PathIn(stateDirectory);
        return File.Exists(path) ? ConfigFile.Parse(File.ReadAllText(path), path, defaults).Said : HostSettings.None;
    }

    public static void Save(string stateDirectory, HostSettings settings) =>
        PrivateFile.Write(PathIn(stateDirectory), settings.ToToml());

    private static string PathIn(string stateDirectory) => Path.Combine(stateDirectory, "godwitd.toml");
}
