namespace Godwit.Domains.Config;

/// <summary>A place in a configuration file. Line and column count from 1, in characters.</summary>
public readonly record struct Span(int Offset, int Length, int Line, int Column);
