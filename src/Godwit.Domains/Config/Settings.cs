using System.Collections.Immutable;

namespace Godwit.Domains.Config;

/// <summary>Reads settings by type; what has the wrong type is reported at its place.</summary>
internal sealed class Settings(IReadOnlyList<(string Name, Span NameSpan, Value Value)> settings, List<Diagnostic> diagnostics)
{
    private readonly Dictionary<string, Value> _values = settings.ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal);

    public Value? Find(string name) => _values.TryGetValue(name, out var value) && value is not (Value.Nothing or Value.Broken) ? value : null;

    /// <summary>Set, but with an error that was reported.</summary>
    public bool IsBroken(string name) => _values.GetValueOrDefault(name) is Value.Broken;

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        Value.Text text => text.String,
        { } other => Wrong<string>(other, $"{name} is a string, not {other.Kind}", $"put it into quotes: {name} = \"…\""),
    };

    /// <summary>A string, or a number as its digits: <c>extra = 3</c> is written as often as <c>extra = "3"</c>.</summary>
    public string? Word(string name) => Find(name) is Value.Number number
        ? number.Long.ToString(System.Globalization.CultureInfo.InvariantCulture)
        : Text(name);

    public int? Number(string name, int least, int most, string unit)
    {
        long number;
        switch (Find(name))
        {
            case null:
                return null;
            case Value.Number given:
                number = given.Long;
                break;
            // xm took numbers in quotes.
            case Value.Text text when long.TryParse(text.String, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number):
                break;
            case { } other:
                return Wrong<int?>(other, $"{name} is a number{unit}, not {other.Kind}", $"write {name} = {Math.Max(least, Math.Min(256, most))}");
        }
        return number >= least && number <= most
            ? (int)number
            : Wrong<int?>(Find(name)!, $"{name} = {number} is out of range", $"it is between {least} and {most}{unit}");
    }

    /// <summary>Strings of a list; a single string counts as a list of one.</summary>
    public ImmutableArray<Value.Text> Texts(string name, bool silent = false)
    {
        var texts = ImmutableArray.CreateBuilder<Value.Text>();
        switch (Find(name))
        {
            case null:
                break;
            case Value.Text text:
                texts.Add(text);
                break;
            case Value.List list:
                foreach (var item in list.Items)
                {
                    if (item is Value.Text text)
                        texts.Add(text);
                    else if (!silent)
                        Wrong<string>(item, $"{name} is a list of strings; this is {item.Kind}", "put each entry into quotes");
                }
                break;
            case { } other when !silent:
                Wrong<string>(other, $"{name} is a list of strings, not {other.Kind}", $"write {name} = [ '…' ]");
                break;
        }
        return texts.ToImmutable();
    }

    public T? Wrong<T>(Value value, string message, string? hint)
    {
        diagnostics.Add(new Diagnostic(Severity.Error, message, value.Span, hint));
        return default;
    }
}
