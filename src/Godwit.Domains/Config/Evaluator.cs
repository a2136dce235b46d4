using System.Collections.Immutable;

namespace Godwit.Domains.Config;

/// <summary>Computes the values of a file in order: a name means what it was assigned last above.</summary>
internal sealed class Evaluator(List<Diagnostic> diagnostics)
{
    /// <summary>Sums of names can double a string with every line.</summary>
    private const int LongestString = 1 << 16;

    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);

    /// <summary>The settings of a file, each with the place of its name; the last one of a name counts.</summary>
    public IReadOnlyList<(string Name, Span NameSpan, Value Value)> Evaluate(ImmutableArray<Assignment> assignments)
    {
        var settings = new Dictionary<string, (string, Span, Value)>(StringComparer.Ordinal);
        foreach (var assignment in assignments)
        {
            if (Evaluate(assignment.Value) is not { } value)
            {
                // Known from here on, so that a reference to it is not a second error.
                _values.TryAdd(assignment.Name, new Value.Nothing(assignment.Value.Span));
                continue;
            }
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
            return value with { Span = reference.Span };
        switch (reference.Name)
        {
            case "True": return new Value.Number(1, reference.Span);
            case "False": return new Value.Number(0, reference.Span);
            case "None": return new Value.Nothing(reference.Span);
            default:
                var near = Nearest.To(reference.Name, _values.Keys);
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
        if (Evaluate(sum.Left) is not { } left || Evaluate(sum.Right) is not { } right)
            return null;
        switch (left, right)
        {
            case (Value.Text a, Value.Text b) when a.String.Length + b.String.Length <= LongestString:
                return new Value.Text(a.String + b.String, sum.Span);
            case (Value.Text, Value.Text):
                diagnostics.Add(new Diagnostic(Severity.Error, $"this string is longer than {LongestString} characters", sum.Span));
                return null;
            case (Value.List a, Value.List b) when a.Items.Length + b.Items.Length <= LongestString:
                return new Value.List(a.Items.AddRange(b.Items), sum.Span);
            default:
                diagnostics.Add(new Diagnostic(Severity.Error, $"{left.Kind} and {right.Kind} cannot be added", sum.Span,
                    "+ joins strings, or lists"));
                return null;
        }
    }
}
