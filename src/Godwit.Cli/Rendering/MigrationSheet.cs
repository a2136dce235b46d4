using System.Globalization;
using Godwit.Api;

namespace Godwit.Cli.Rendering;

/// <summary>What <c>godwit migration show</c> prints.</summary>
internal static class MigrationSheet
{
    public static void Write(TextWriter output, MigrationInfo m)
    {
        DomainSheet.Line(output, "id", m.Id.ToString());
        DomainSheet.Line(output, "domain", m.Domain);
        DomainSheet.Line(output, "from", m.From);
        DomainSheet.Line(output, "to", m.To);
        if (m.Began != default) DomainSheet.Line(output, "began", m.Began.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        DomainSheet.Line(output, "step", m.Step);
        if (m.Waits is not null) DomainSheet.Line(output, "waits", m.Waits);
        foreach (var note in m.Notes) DomainSheet.Line(output, "note", note);
        if (m.Result is not { } result) return;
        DomainSheet.Line(output, "ended", result.Ending);
        if (result.Succeeded)
        {
            foreach (var line in MigrationText.Summary(m, result)) output.WriteLine(line);
            return;
        }
        if (result.Fate is { } fate) DomainSheet.Line(output, "fate", fate);
        if (MigrationText.Fault(m, result) is { } fault) DomainSheet.Line(output, "fault", fault);
        DomainSheet.Line(output, "", result.Message);
        if (result.Remedy is not null) DomainSheet.Line(output, "", result.Remedy);
    }
}
