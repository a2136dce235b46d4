using System.Collections.Immutable;

namespace Godwit.Domains.Config;

/// <summary>Computes the values of a file in order: a name means what it was assigned last above.</summary>
internal sealed class Evaluator(List<Diagnostic> diagnostics)
{
    /// <summary>All sums of a file together: each line of one can double what the line before has made.</summary>
    private const int MostOfSums = 1 << 20;

    /// <summary>Nobody reads that many hints, and each is looked for among all names.</summary>
    private const int MostHints = 50;

    private int _room = MostOfSums;
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _referred = new(StringComparer.Ordinal);

    /// <summary>Names that others refer to.</summary>
    public IReadOnlySet<string> Referred => _referred;

    /// <summary>The settings of a file, each with the place of its name; the last one of a name counts.</summary>
    public IReadOnlyList<(string Name, Span NameSpan, Value Value)> Evaluate(ImmutableArray<Assignment> assignments)
    {
        var settings = new Dictionary<string, (string, Span, Value)>(StringComparer.Ordinal);
        foreach (var assignment in assignments)
        {
            // After an error the name is known all the same, so that what refers to it is not a second error.
            var value = Evaluate(assignment.Value) ?? new Value.Broken(assignment.Value.Span);
            if (settings.ContainsKey(assignment.Name))
            {
                diagnostics.Add(new Diagnostic(Severity.Warning, $"{assignment.Name} is set twice; the last one counts",
                    assignment.NameSpan, "remove one of them"));
            }
            settings[assignment.Name] = (assignment.Name, assignment.NameSpan, value);
            _values[assignment.Name] = value;
        }
        return [.. settings.Values];
    }

    private Value? Evaluate(Expression expression) => expression switch
    {
        Expression.Text text => new Value.Text(text.Value, text.Span),
        Expression.Number number => new Value.Number(number.Value, number.Span),
        Expression.Reference reference => Resolve(reference),
        Expression.List list => EvaluateList(list),
        Expression.Sum sum => Add(sum),
        _ => null,
    };

    private Value? Resolve(Expression.Reference reference)
    {
        if (_values.TryGetValue(reference.Name, out var value))
        {
            _referred.Add(reference.Name);
            return value is Value.Broken ? null : value with { Span = reference.Span };
        }
        switch (reference.Name)
        {
            case "True": return new Value.Number(1, reference.Span);
            case "False": return new Value.Number(0, reference.Span);
            case "None": return new Value.Nothing(reference.Span);
            default:
                var near = diagnostics.Count > MostHints ? null : Nearest.To(reference.Name, _values.Keys);
                diagnostics.Add(new Diagnostic(Severity.Error, $"{reference.Name} is not set above", reference.Span,
                    near is null ? $"put text into quotes: \"{reference.Name}\"" : $"did you mean {near}, or \"{reference.Name}\" in quotes?"));
                return null;
        }
    }

    private Value.List? EvaluateList(Expression.List list)
    {
        var items = ImmutableArray.CreateBuilder<Value>(list.Items.Length);
        foreach (var item in list.Items)
        {
            if (Evaluate(item) is not { } value)
                return null;
            items.Add(value);
        }
        return new Value.List(items.ToImmutable(), list.Span);
    }

    private Value? Add(Expression.Sum sum)
    {
        var terms = new List<Value>(sum.Terms.Length);
        var length = 0L;
        foreach (var term in sum.Terms)
        {
            if (Evaluate(term) is not { } value)
                return null;
            terms.Add(value);
            switch (terms[0], value)
            {
                case (Value.Text, Value.Text text):
                    length += text.String.Length;
                    break;
                case (Value.List, Value.List list):
                    length += list.Items.Length;
                    break;
                default:
                    // A number alone at the left is told with what follows it.
                    if (terms.Count == 1)
                        break;
                    diagnostics.Add(new Diagnostic(Severity.Error, $"{terms[0].Kind} and {value.Kind} cannot be added", term.Span,
                        "+ joins strings, or lists"));
                    return null;
            }
        }
        // Before anything is copied: a line that is refused costs nothing.
        if (length > _room)
        {
            diagnostics.Add(new Diagnostic(Severity.Error, $"the sums of this file are longer than {MostOfSums} characters together", sum.Span));
            return null;
        }
        _room -= (int)length;
        return terms[0] is Value.Text
            ? new Value.Text(string.Concat(terms.Cast<Value.Text>().Select(text => text.String)), sum.Span)
            : new Value.List([.. terms.Cast<Value.List>().SelectMany(list => list.Items)], sum.Span);
    }
}
