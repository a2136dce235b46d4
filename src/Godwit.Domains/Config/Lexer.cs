using System.Buffers;
using System.Globalization;
using System.Text;

namespace Godwit.Domains.Config;

/// <summary>
/// Splits a configuration file into tokens, as Python's reference describes them in chapter 2, for the part of
/// Python that xm files use. A line's end inside brackets is no end of a statement, unless the next line assigns to a
/// name, which nothing in brackets does: there the bracket was never closed, and the error shall not cost the rest.
/// </summary>
internal sealed class Lexer(string text, List<Diagnostic> diagnostics)
{
    // A byte order mark is no part of the first line.
    private int _at = text.StartsWith('\uFEFF') ? 1 : 0;
    private int _line = 1;
    private int _lineStart = text.StartsWith('\uFEFF') ? 1 : 0;
    private int _depth;
    private int _wrongLine;

    private static readonly SearchValues<char> s_nameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    public List<Token> ReadAll()
    {
        var tokens = new List<Token>();
        while (true)
        {
            var token = Read();
            tokens.Add(token);
            if (token.Kind == TokenKind.EndOfFile)
                return tokens;
        }
    }

    private char Now => _at < text.Length ? text[_at] : '\0';

    private char Ahead(int count) => _at + count < text.Length ? text[_at + count] : '\0';

    private Token Read()
    {
        SkipBlanks();
        var (start, line, column) = (_at, _line, _at - _lineStart + 1);
        if (_at >= text.Length)
            return Make(TokenKind.EndOfFile);
        var c = Now;
        if (c == '\n')
        {
            _depth = 0;
            _at++;
            var end = Make(TokenKind.End);
            _at--;
            NextLine();
            return end;
        }
        if (char.IsAsciiLetter(c) || c == '_')
            return ReadName(start, line, column);
        if (char.IsAsciiDigit(c))
            return ReadNumber(start, line, column);
        if (c is '"' or '\'')
            return ReadString(start, line, column, raw: false);
        _at++;
        switch (c)
        {
            case '=' when Now != '=': return Make(TokenKind.Assign);
            case '+' when Now != '=': return Make(TokenKind.Plus);
            case '-' when Now != '=': return Make(TokenKind.Minus);
            case ',': return Make(TokenKind.Comma);
            case ';': return Make(TokenKind.End);
            case '[': _depth++; return Make(TokenKind.OpenBracket);
            case ']': _depth = Math.Max(0, _depth - 1); return Make(TokenKind.CloseBracket);
            case '(': _depth++; return Make(TokenKind.OpenParenthesis);
            case ')': _depth = Math.Max(0, _depth - 1); return Make(TokenKind.CloseParenthesis);
            default: return Wrong(c);
        }

        Token Make(TokenKind kind) => new(kind, text[start.._at], 0, new Span(start, _at - start, line, column));

        Token Wrong(char wrong)
        {
            while (Now != '\0' && !char.IsWhiteSpace(Now) && !char.IsLetterOrDigit(Now) && !"\"'[](),;#_".Contains(Now, StringComparison.Ordinal))
                _at++;
            var token = Make(TokenKind.Wrong);
            // One a line: what is no configuration is so in many places.
            if (_wrongLine == line)
                return token;
            _wrongLine = line;
            diagnostics.Add(wrong is '%' or '{' or '+' or '-' or '*' or '/' or ':' or '.' or '<' or '>' or '!' or '='
                ? new Diagnostic(Severity.Error, $"'{token.Text}' is Python that Godwit does not run", token.Span,
                    "write the value itself: a string, a number, a list, an earlier name, or a sum of strings")
                : new Diagnostic(Severity.Error, $"the character {Describe(token.Text)} has no place here", token.Span,
                    "put text into quotes"));
            return token;
        }
    }

    private static string Describe(string text)
    {
        Rune.DecodeFromUtf16(text, out var rune, out _);
        return rune.Value is <= ' ' or > '~'
            ? string.Create(CultureInfo.InvariantCulture, $"U+{rune.Value:X4}")
            : $"'{rune}'";
    }

    private void SkipBlanks()
    {
        while (_at < text.Length)
        {
            var c = Now;
            if (c == '#')
            {
                while (_at < text.Length && Now != '\n')
                    _at++;
            }
            else if (c == '\n' && _depth > 0 && !AssignsAhead())
            {
                NextLine();
            }
            else if (c == '\\' && (Ahead(1) == '\n' || (Ahead(1) == '\r' && Ahead(2) == '\n')))
            {
                _at += Ahead(1) == '\n' ? 1 : 2;
                NextLine();
            }
            else if (c is ' ' or '\t' or '\r' or '\f' or '\uFEFF')
            {
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private bool AssignsAhead()
    {
        var rest = text.AsSpan(_at + 1).TrimStart(" \t");
        if (rest.IsEmpty || !(char.IsAsciiLetter(rest[0]) || rest[0] == '_'))
            return false;
        var length = rest.IndexOfAnyExcept(s_nameCharacters);
        rest = length < 0 ? [] : rest[length..].TrimStart(" \t");
        return rest is ['=', not '=', ..];
    }

    private void NextLine()
    {
        _at++;
        _line++;
        _lineStart = _at;
    }

    private Token ReadName(int start, int line, int column)
    {
        while (char.IsAsciiLetterOrDigit(Now) || Now == '_')
            _at++;
        // r"..." and u"..." of Python.
        if (Now is '"' or '\'' && text[start.._at] is "r" or "R" or "u" or "U" or "b" or "B")
            return ReadString(start, line, column, raw: text[start] is 'r' or 'R');
        return new Token(TokenKind.Name, text[start.._at], 0, new Span(start, _at - start, line, column));
    }

    private Token ReadNumber(int start, int line, int column)
    {
        while (char.IsAsciiLetterOrDigit(Now) || Now == '_' || (Now == '.' && char.IsAsciiDigit(Ahead(1))))
            _at++;
        var span = new Span(start, _at - start, line, column);
        var word = text[start.._at];
        if (TryNumber(word, out var number))
            return new Token(TokenKind.Number, word, number, span);
        diagnostics.Add(new Diagnostic(Severity.Error, $"'{word}' is not a whole number", span,
            "write it in decimal (256) or hexadecimal (0x100); a value with a unit goes into quotes"));
        return new Token(TokenKind.Wrong, word, 0, span);
    }

    private static bool TryNumber(string word, out long number)
    {
        var digits = word.TrimEnd('L', 'l');
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return long.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number) && number >= 0;
        var octal = digits.StartsWith("0o", StringComparison.OrdinalIgnoreCase) ? digits[2..]
            : digits.Length > 1 && digits[0] == '0' ? digits[1..]
            : null;
        if (octal is null)
            return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        number = 0;
        foreach (var c in octal)
        {
            if (c is < '0' or > '7' || number > long.MaxValue >> 3)
                return false;
            number = (number << 3) | (uint)(c - '0');
        }
        return octal.Length > 0;
    }

    private Token ReadString(int start, int line, int column, bool raw)
    {
        var quote = Now;
        var triple = Ahead(1) == quote && Ahead(2) == quote;
        _at += triple ? 3 : 1;
        var value = new StringBuilder();
        while (true)
        {
            if (_at >= text.Length || (!triple && Now == '\n'))
            {
                var open = new Span(start, _at - start, line, column);
                diagnostics.Add(new Diagnostic(Severity.Error, "this string has no end", open,
                    triple ? $"close it with {new string(quote, 3)}" : $"close it with {quote} on the same line"));
                return new Token(TokenKind.String, value.ToString(), 0, open);
            }
            if (Now == quote && (!triple || (Ahead(1) == quote && Ahead(2) == quote)))
            {
                _at += triple ? 3 : 1;
                return new Token(TokenKind.String, value.ToString(), 0, new Span(start, _at - start, line, column));
            }
            if (Now == '\\' && !raw)
                ReadEscape(value);
            else
                Take(value);
        }
    }

    private void Take(StringBuilder value)
    {
        // As in Python, a line of a string ends in \n whatever it ends in in the file.
        if (Now == '\r' && Ahead(1) == '\n')
            _at++;
        value.Append(Now);
        if (Now == '\n')
            NextLine();
        else
            _at++;
    }

    private void ReadEscape(StringBuilder value)
    {
        var c = Ahead(1);
        _at++;
        switch (c)
        {
            case '\0': return;
            case '\n': NextLine(); return;
            case '\r' when Ahead(1) == '\n': _at++; NextLine(); return;
            case 'n': value.Append('\n'); break;
            case 't': value.Append('\t'); break;
            case 'r': value.Append('\r'); break;
            case '\\' or '\'' or '"': value.Append(c); break;
            case 'x' when char.IsAsciiHexDigit(Ahead(1)) && char.IsAsciiHexDigit(Ahead(2)):
                value.Append((char)Convert.ToInt32(text.Substring(_at + 1, 2), 16));
                _at += 2;
                break;
            // As in Python, what is no escape stays as it is written.
            default: value.Append('\\').Append(c); break;
        }
        _at++;
    }
}
