using System.Collections.Immutable;
using Godwit.Domains.Config;
using Tomlyn.Syntax;

namespace Godwit.Daemon.Config;

/// <summary>
/// The keys of one table of the file. Each is asked for by name; what nobody asked for is unknown, and reported with
/// the nearest of those that were.
/// </summary>
internal sealed class ConfigTable(string name, IEnumerable<KeyValueSyntax> items, SourceSpan place, ConfigProblems problems)
{
    private readonly Dictionary<string, KeyValueSyntax> _items = items
        .GroupBy(item => KeyOf(item.Key!), StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public static string KeyOf(KeySyntax key) => key.ToString().Trim();

    public SourceSpan PlaceOf(string key) => _items.TryGetValue(key, out var item) ? item.Value!.Span : place;

    public void Problem(string key, string message, string? remedy = null) => problems.Add(PlaceOf(key), message, remedy);

    public string? String(string key)
    {
        if (Find(key) is not { } value)
            return null;
        if (value is StringValueSyntax { Value: { Length: > 0 } text })
            return text;
        problems.Add(value.Span, $"{key} must be a string that is not empty.", $"Write {key} = \"…\".");
        return null;
    }

    /// <summary>A string, or a list of several; none where the key is not there.</summary>
    public ImmutableArray<string> Strings(string key)
    {
        if (Find(key) is not ArraySyntax array)
            return String(key) is { } single ? [single] : [];
        var strings = ImmutableArray.CreateBuilder<string>();
        foreach (var item in array.Items)
        {
            if (item.Value is StringValueSyntax { Value: { Length: > 0 } text })
                strings.Add(text);
            else
                problems.Add(item.Value!.Span, $"{key} must be a list of strings that are not empty.", $"Write {key} = [\"…\", \"…\"].");
        }
        if (array.Items.ChildrenCount == 0)
            problems.Add(array.Span, $"{key} must name one at least.", $"Write {key} = \"…\".");
        return [.. strings.Distinct()];
    }

    public int? Integer(string key, int least, int most)
    {
        if (Find(key) is not { } value)
            return null;
        if (value is IntegerValueSyntax { Value: var number } && number >= least && number <= most)
            return (int)number;
        problems.Add(value.Span, $"{key} must be a number between {least} and {most}.");
        return null;
    }

    /// <summary>One word out of a closed set.</summary>
    public string? Word(string key, string[] known)
    {
        var word = String(key);
        if (word is null || known.Contains(word))
            return word;
        Problem(key, $"{key} knows {string.Join(", ", known)}.", Suggest(word, known));
        return null;
    }

    /// <summary>A list of words out of a closed set.</summary>
    public ImmutableArray<string>? Words(string key, string[] known)
    {
        if (Find(key) is not { } value)
            return null;
        if (value is not ArraySyntax array)
        {
            problems.Add(value.Span, $"{key} must be a list.", $"Write {key} = [\"{known[0]}\"].");
            return null;
        }
        var words = ImmutableArray.CreateBuilder<string>();
        foreach (var item in array.Items)
        {
            if (item.Value is StringValueSyntax { Value: { } word } && known.Contains(word))
                words.Add(word);
            else
                problems.Add(item.Value!.Span, $"{key} knows {string.Join(", ", known)}.", Suggest(item.Value.ToString().Trim('"', ' '), known));
        }
        return [.. words.Distinct()];
    }

    /// <summary>To be called last: reports the keys that nobody asked for.</summary>
    public void ReportUnknown()
    {
        foreach (var (key, item) in _items)
        {
            if (!_known.Contains(key))
            {
                var where = name.Length == 0 ? "the file" : $"[{name}]";
                problems.Add(item.Key!.Span, $"{where} has no key {key}.", Suggest(key, _known));
            }
        }
    }

    public static string? Suggest(string word, IEnumerable<string> known) =>
        Nearest.To(word, known) is { } nearest ? $"Did you mean {nearest}?" : $"Known are {string.Join(", ", known.Order(StringComparer.Ordinal))}.";

    private ValueSyntax? Find(string key)
    {
        _known.Add(key);
        problems.Note(name.Length == 0 ? key : $"{name.Trim('[', ']')}.{key}");
        return _items.TryGetValue(key, out var item) ? item.Value : null;
    }
}
