using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

public sealed class LexerTests
{
    private static List<Token> Lex(string text, int errors = 0)
    {
        var diagnostics = new List<Diagnostic>();
        var tokens = new Lexer(text, diagnostics).ReadAll();
        Assert.Equal(errors, diagnostics.Count);
        Assert.Equal(TokenKind.EndOfFile, tokens[^1].Kind);
        return tokens[..^1];
    }

    [Theory]
    [InlineData("\"a'b\"", "a'b")]
    [InlineData("'a\"b'", "a\"b")]
    [InlineData("''", "")]
    [InlineData("\"\"\"a\n\"b\" \"\"c\"\"\"", "a\n\"b\" \"\"c")]
    [InlineData("'''a\r\nb'''", "a\nb")]
    [InlineData(@"'\n\t\r\\\'\""'", "\n\t\r\\'\"")]
    [InlineData(@"'\x41\x7e'", "A~")]
    [InlineData(@"'\x4'", @"\x4")]
    [InlineData(@"'\d\q'", @"\d\q")]
    [InlineData("'a\\\nb'", "ab")]
    [InlineData("'a\\\r\nb'", "ab")]
    [InlineData(@"r'\n'", @"\n")]
    [InlineData("u'ä'", "ä")]
    [InlineData("'# no comment'", "# no comment")]
    public void Strings(string text, string value)
    {
        var token = Assert.Single(Lex(text));
        Assert.Equal((TokenKind.String, value), (token.Kind, token.Text));
        Assert.Equal(new Span(0, text.Length, 1, 1), token.Span);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("256", 256)]
    [InlineData("0x1F", 31)]
    [InlineData("0X10", 16)]
    [InlineData("0755", 493)]
    [InlineData("0o17", 15)]
    [InlineData("12L", 12)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Numbers(string text, long value)
    {
        var token = Assert.Single(Lex(text));
        Assert.Equal((TokenKind.Number, value), (token.Kind, token.Number));
    }

    [Theory]
    [InlineData("256M")]
    [InlineData("1.5")]
    [InlineData("089")]
    [InlineData("0x")]
    [InlineData("0o")]
    [InlineData("9223372036854775808")]
    [InlineData("07777777777777777777777")]
    [InlineData("0xffffffffffffffff")]
    public void What_is_no_whole_number(string text) => Assert.Equal(TokenKind.Wrong, Assert.Single(Lex(text, errors: 1)).Kind);

    [Theory]
    [InlineData("a # rest\nb", "a|\n|b")]
    [InlineData("a;b", "a|;|b")]
    [InlineData("a \\\n b", "a|b")]
    [InlineData("a \\\r\n b", "a|b")]
    [InlineData("[a,\n# x\n b]\nc", "[|a|,|b|]|\n|c")]
    [InlineData("(\n)\n", "(|)|\n")]
    [InlineData("a=b", "a|=|b")]
    [InlineData("a\r\nb", "a|\n|b")]
    [InlineData("\uFEFFa", "a")]
    public void Words(string text, string expected) => Assert.Equal(expected, string.Join('|', Lex(text).Select(t => t.Text)));

    [Fact]
    public void An_open_bracket_ends_where_the_next_assignment_begins() =>
        Assert.Equal("d|=|[|a|,|\n|m|=|b|\n|n|=|c", string.Join('|', Lex("d=[a,\n m =b\nn=c").Select(t => t.Text)));

    [Fact]
    public void Places_count_lines_and_columns_from_one_and_not_the_byte_order_mark()
    {
        var tokens = Lex("\uFEFFa = '''x\ny''' b\n  c");
        Assert.Equal(new Span(1, 1, 1, 1), tokens[0].Span);
        Assert.Equal((2, 6), (tokens[3].Span.Line, tokens[3].Span.Column));
        Assert.Equal((3, 3), (tokens[^1].Span.Line, tokens[^1].Span.Column));
    }

    [Theory]
    [InlineData("'abc\nd", "this string has no end")]
    [InlineData("'''abc\nd", "this string has no end")]
    [InlineData("'abc\\", "this string has no end")]
    [InlineData("x += 1", "'+=' is Python that Godwit does not run")]
    [InlineData("a % b", "'%' is Python that Godwit does not run")]
    [InlineData("a == b", "'==' is Python that Godwit does not run")]
    [InlineData("a ? b", "the character '?' has no place here")]
    [InlineData("a é b", "the character U+00E9 has no place here")]
    [InlineData("a 🐧 b", "the character U+1F427 has no place here")]
    [InlineData("a \0 b", "the character U+0000 has no place here")]
    public void Errors(string text, string message)
    {
        var diagnostics = new List<Diagnostic>();
        new Lexer(text, diagnostics).ReadAll();
        Assert.Equal(message, Assert.Single(diagnostics).Message);
    }
}
