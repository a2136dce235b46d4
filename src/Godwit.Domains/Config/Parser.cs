using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Godwit.Domains.Config;

/// <summary>
/// Recursive descent over
/// <code>
///  file       = { [ assignment ] end }
///  assignment = name "=" sum
///  sum        = value { "+" value }
///  value      = string { string } | [ "-" ] number | name | list | "(" sum ")"
///  list       = "[" [ sum { "," sum } [ "," ] ] "]"       (and the same in parentheses)
/// </code>
/// An error costs its statement only: reading goes on after the statement's end, so that all errors come at once.
/// </summary>
internal sealed class Parser(List<Token> tokens, List<Diagnostic> diagnostics)
{
    /// <summary>Deeper nesting means nothing in a configuration, and would exhaust the stack.</summary>
    private const int MaxDepth = 32;

    private static readonly string[] s_statements =
        ["if", "for", "while", "def", "import", "from", "class", "print", "try", "with", "return", "del", "exec", "raise", "else", "elif"];

    private int _at;
    private int _depth;

    private Token Now => tokens[_at];

    public ImmutableArray<Assignment> Parse()
    {
        var assignments = ImmutableArray.CreateBuilder<Assignment>();
        while (Now.Kind != TokenKind.EndOfFile)
        {
            if (Now.Kind == TokenKind.End)
                _at++;
            else if (ParseAssignment(out var assignment))
                assignments.Add(assignment);
            else
            {
                SkipStatement();
                // Its name is known all the same: that it lacks a value is no second error.
                if (assignment is not null)
                    assignments.Add(assignment with { Value = new Expression.Broken(assignment.NameSpan) });
            }
        }
        return assignments.ToImmutable();
    }

    /// <summary>False after an error; the assignment is then null, or has the name only.</summary>
    private bool ParseAssignment([NotNullWhen(true)] out Assignment? assignment)
    {
        assignment = null;
        var name = Now;
        if (name.Kind != TokenKind.Name)
            return Fail(name, "a statement is written as name = value", null);
        if (s_statements.Contains(name.Text))
            return Python(name, $"'{name.Text}'");
        _at++;
        if (Now.Kind == TokenKind.OpenParenthesis)
            return Python(name, $"the call of {name.Text}()");
        assignment = new Assignment(name.Text, name.Span, new Expression.Broken(name.Span));
        if (Now.Kind != TokenKind.Assign)
            return Fail(Now, $"after {name.Text} comes =", null);
        _at++;
        if (ParseSum() is not { } value)
            return false;
        if (Now.Kind is not (TokenKind.End or TokenKind.EndOfFile))
            return Fail(Now, "the statement should end here", "begin the next statement on a line of its own; text with blanks goes into quotes");
        assignment = assignment with { Value = value };
        return true;
    }

    private Expression? ParseSum()
    {
        if (++_depth > MaxDepth)
        {
            Fail(Now, $"lists are nested deeper than {MaxDepth} levels", null);
            return null;
        }
        try
        {
            if (ParseValue() is not { } first)
                return null;
            // Flat, not a tree: a tree as deep as a sum is long would exhaust the stack.
            var terms = ImmutableArray.CreateBuilder<Expression>();
            terms.Add(first);
            while (Now.Kind == TokenKind.Plus)
            {
                _at++;
                if (ParseValue() is not { } next)
                    return null;
                terms.Add(next);
            }
            return terms.Count == 1 ? first : new Expression.Sum(terms.ToImmutable(), Join(first.Span, terms[^1].Span));
        }
        finally
        {
            _depth--;
        }
    }

    private Expression? ParseValue()
    {
        var token = Now;
        switch (token.Kind)
        {
            case TokenKind.String:
                return ParseStrings();
            case TokenKind.Number:
                _at++;
                return new Expression.Number(token.Number, token.Span);
            case TokenKind.Minus when tokens[_at + 1].Kind == TokenKind.Number:
                _at += 2;
                return new Expression.Number(-tokens[_at - 1].Number, Join(token.Span, tokens[_at - 1].Span));
            case TokenKind.Name:
                _at++;
                if (Now.Kind == TokenKind.OpenParenthesis)
                {
                    Python(token, $"the call of {token.Text}()");
                    return null;
                }
                return new Expression.Reference(token.Text, token.Span);
            case TokenKind.OpenBracket:
                return ParseList(TokenKind.CloseBracket, "]");
            case TokenKind.OpenParenthesis:
                return ParseList(TokenKind.CloseParenthesis, ")");
            case TokenKind.Wrong:
                return null;
            default:
                Fail(token, "a value is missing here", "write a string in quotes, a number, or a list in [ ]");
                return null;
        }
    }

    // Strings that stand side by side are one, as in Python.
    private Expression.Text ParseStrings()
    {
        var first = Now;
        _at++;
        if (Now.Kind != TokenKind.String)
            return new Expression.Text(first.Text, first.Span);
        var value = new StringBuilder(first.Text);
        for (; Now.Kind == TokenKind.String; _at++)
            value.Append(Now.Text);
        return new Expression.Text(value.ToString(), Join(first.Span, tokens[_at - 1].Span));
    }

    private Expression? ParseList(TokenKind close, string mark)
    {
        var open = Now;
        _at++;
        var items = ImmutableArray.CreateBuilder<Expression>();
        var comma = false;
        while (Now.Kind != close)
        {
            if (Now.Kind is TokenKind.End or TokenKind.EndOfFile)
            {
                Fail(open, "this list has no end", $"close it with {mark}");
                return null;
            }
            if (ParseSum() is not { } item)
                return null;
            items.Add(item);
            comma = Now.Kind == TokenKind.Comma;
            if (comma)
                _at++;
            else if (Now.Kind is not (TokenKind.End or TokenKind.EndOfFile) && Now.Kind != close)
            {
                Fail(Now, $"in a list a comma or {mark} comes next", null);
                return null;
            }
        }
        var span = Join(open.Span, Now.Span);
        _at++;
        // ( value ) is the value; ( value, ) is a list of one.
        return close == TokenKind.CloseParenthesis && items.Count == 1 && !comma
            ? items[0]
            : new Expression.List(items.ToImmutable(), span);
    }

    private void SkipStatement()
    {
        while (Now.Kind is not (TokenKind.End or TokenKind.EndOfFile))
            _at++;
    }

    private bool Python(Token token, string what)
    {
        diagnostics.Add(new Diagnostic(Severity.Error, $"{what} is Python that Godwit does not run", token.Span,
            "write the values that it would compute"));
        return false;
    }

    private bool Fail(Token token, string message, string? hint)
    {
        // The lexer has said already what is wrong with such a token.
        if (token.Kind != TokenKind.Wrong)
            diagnostics.Add(new Diagnostic(Severity.Error, message, token.Span, hint));
        return false;
    }

    private static Span Join(Span first, Span last) => first with { Length = last.Offset + last.Length - first.Offset };
}
