namespace Godwit.Storage;

/// <summary>What a helper process said last, for the error that its end becomes.</summary>
internal static class LogTail
{
    private const int Lines = 3;

    public static string Of(string path)
    {
        if (!File.Exists(path))
            return "it said nothing";
        var last = File.ReadLines(path).TakeLast(Lines).Select(line => line.Trim());
        return string.Join(" / ", last) is { Length: > 0 } text ? text : "it said nothing";
    }
}
