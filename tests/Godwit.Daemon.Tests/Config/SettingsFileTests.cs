using System.Net;
using System.Text.RegularExpressions;
using Godwit.Daemon.Config;

namespace Godwit.Daemon.Tests.Config;

/// <summary>The configuration file as the package installs it.</summary>
public sealed partial class SettingsFileTests
{
    private static readonly LocalDefaults Defaults = new("here", IPAddress.Parse("10.9.0.1"));

    [Fact]
    public void As_installed_it_sets_nothing()
    {
        var config = ConfigFile.Parse(SettingsManual.File, "godwitd.toml", Defaults);
        Assert.Equal(HostSettings.None, config.Said);
        Assert.Equal(ConfigFile.Parse("", "godwitd.toml", Defaults) with { Roles = config.Roles, Storage = config.Storage }, config);
        Assert.Equal(["compute"], config.Roles);
        Assert.Empty(config.Storage.Groups);
    }

    [Fact]
    public void It_has_every_key_and_means_something_when_all_of_it_is_taken_in()
    {
        var all = CommentedSetting().Replace(SettingsManual.File, "");
        var config = ConfigFile.Parse(all, "godwitd.toml", Defaults);
        Assert.Equal("resource-1", config.Said.Name);
        Assert.Equal(["vg_xen", "files"], config.Storage.Groups.Select(group => group.Name));

        var table = "";
        var shown = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in all.Split('\n'))
        {
            if (line.StartsWith('['))
                table = line.Trim('[', ']') + ".";
            else if (SettingName().Match(line) is { Success: true } setting)
                shown.Add(table + setting.Value);
        }
        Assert.Equal(ConfigFile.KnownKeys(), shown);
    }

    [Fact]
    public void Each_setting_has_words_of_its_own_in_the_manual()
    {
        var page = SettingsManual.WritePage("1.0");
        foreach (var key in ConfigFile.KnownKeys())
            Assert.Matches($@"\.TP\n\\fB{Regex.Escape(key[(key.LastIndexOf('.') + 1)..])} = .+\n[^.\n]", page);
    }

    [GeneratedRegex("^#(?=[^ #\n])", RegexOptions.Multiline)]
    private static partial Regex CommentedSetting();

    [GeneratedRegex("^[a-z_]+(?= = )")]
    private static partial Regex SettingName();
}
