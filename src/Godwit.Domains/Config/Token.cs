namespace Godwit.Domains.Config;

internal enum TokenKind
{
    Name = 1,
    Number,
    String,
    Assign,
    Plus,
    Minus,
    Comma,
    OpenBracket,
    CloseBracket,
    OpenParenthesis,
    CloseParenthesis,

    /// <summary>End of a statement: a line's end outside brackets, or a semicolon.</summary>
    End,

    /// <summary>A character or an operator that has no place in a configuration; reported already.</summary>
    Wrong,
    EndOfFile,
}

/// <summary>A word of a configuration file. <see cref="Text"/> of a string is its value, without quotes.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, long Number, Span Span);
