using System.Collections.Immutable;

namespace Godwit.Domains.Config;

/// <summary><c>name = value</c>.</summary>
internal sealed record Assignment(string Name, Span NameSpan, Expression Value);

/// <summary>The right side of an assignment.</summary>
internal abstract record Expression(Span Span)
{
    public sealed record Text(string Value, Span Span) : Expression(Span);

    public sealed record Number(long Value, Span Span) : Expression(Span);

    public sealed record Reference(string Name, Span Span) : Expression(Span);

    public sealed record List(ImmutableArray<Expression> Items, Span Span) : Expression(Span);

    public sealed record Sum(ImmutableArray<Expression> Terms, Span Span) : Expression(Span);

    /// <summary>What could not be read; it has been reported.</summary>
    public sealed record Broken(Span Span) : Expression(Span);
}
