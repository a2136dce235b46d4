namespace Godwit.Architecture.Tests;

/// <summary>C# source without its comments, well enough for a search.</summary>
internal static class SourceText
{
    public static IEnumerable<string> Code(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            var code = line[..CommentStart(line)];
            if (!string.IsNullOrWhiteSpace(code))
                yield return code;
        }
    }

    private static int CommentStart(string line)
    {
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && (i == 0 || line[i - 1] != '\\'))
                quoted = !quoted;
            else if (!quoted && line.AsSpan(i).StartsWith("//"))
                return i;
        }
        return line.Length;
    }
}
