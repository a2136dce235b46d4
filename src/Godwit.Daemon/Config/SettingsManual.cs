using System.Text;
using Godwit.Manual;

namespace Godwit.Daemon.Config;

/// <summary>
/// The configuration file as it is installed, and its page of the manual, made of it. In the file a comment stands above
/// what it is about; a setting that is commented out has no blank behind its <c>#</c>, so that it differs from words.
/// </summary>
internal static class SettingsManual
{
    public static string File { get; } = Read();

    public static string WritePage(string version)
    {
        var page = new ManualPage("godwitd.toml", 5, version, "configuration of a Godwit host");
        page.Section("SYNOPSIS").Line(ManualPage.Bold(ConfigFile.DefaultPath));
        page.Section("DESCRIPTION");
        var words = new StringBuilder();
        foreach (var line in File.Split('\n'))
        {
            if (line.Length == 0)
            {
                // Words with nothing below them are about the whole file.
                if (words.Length > 0) page.Paragraphs(Take(words));
            }
            else if (line.StartsWith("# ", StringComparison.Ordinal) || line == "#")
                words.Append(line.AsSpan(1).Trim()).Append('\n');
            else if (line.TrimStart('#').StartsWith('['))
            {
                page.Section(line.TrimStart('#'));
                if (words.Length > 0) page.Paragraphs(Take(words));
            }
            else
                page.Term(ManualPage.Bold(line.TrimStart('#')), Take(words));
        }
        page.Section("SEE ALSO").Text("godwitd(8), godwit(1)");
        return page.ToString();
    }

    private static string Take(StringBuilder words)
    {
        var text = words.ToString().TrimEnd('\n');
        words.Clear();
        return text;
    }

    private static string Read()
    {
        using var stream = typeof(SettingsManual).Assembly.GetManifestResourceStream("godwitd.toml")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
