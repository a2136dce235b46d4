using System.CommandLine;
using System.Diagnostics.CodeAnalysis;

namespace Godwit.Manual;

/// <summary>A command with examples, which its help, its manual page and docs/ show.</summary>
[SuppressMessage("Design", "CA1010", Justification = "Command enumerates so that it can be written with a collection initializer; it is no collection.")]
public sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    /// <summary>What is said of it beyond the description; empty where that says it all. A blank line parts paragraphs.</summary>
    public string Explanation { get; init; } = "";

    /// <summary>Whole command lines, each with a few words on what it does.</summary>
    public IReadOnlyList<(string Line, string What)> Examples { get; init; } = [];
}
