using System.Collections.Immutable;

namespace Godwit.Domains.Config;

/// <summary>What an expression comes to, with the place that it came from.</summary>
internal abstract record Value(Span Span)
{
    public abstract string Kind { get; }

    public sealed record Text(string String, Span Span) : Value(Span)
    {
        public override string Kind => "a string";
    }

    public sealed record Number(long Long, Span Span) : Value(Span)
    {
        public override string Kind => "a number";
    }

    public sealed record List(ImmutableArray<Value> Items, Span Span) : Value(Span)
    {
        public override string Kind => "a list";
    }

    /// <summary><c>None</c>: as if it had not been given.</summary>
    public sealed record Nothing(Span Span) : Value(Span)
    {
        public override string Kind => "nothing";
    }

    /// <summary>What has no value because of an error that was reported.</summary>
    public sealed record Broken(Span Span) : Value(Span)
    {
        public override string Kind => "an error";
    }
}
