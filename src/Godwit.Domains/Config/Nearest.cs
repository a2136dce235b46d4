namespace Godwit.Domains.Config;

/// <summary>"Did you mean": the known word nearest to one that was given.</summary>
public static class Nearest
{
    private const int LongestWord = 128;

    /// <summary>
    /// The nearest known word by the optimal string alignment distance (insert, delete, replace, swap neighbours), or null
    /// when none is near: at most a third of the word may differ. A path with the same last part counts as near.
    /// </summary>
    public static string? To(string word, IEnumerable<string> known)
    {
        if (word.Length is 0 or > LongestWord)
            return null;
        string? best = null;
        var least = int.MaxValue;
        foreach (var candidate in known)
        {
            if (candidate.Length is 0 or > LongestWord)
                continue;
            var most = Math.Max(1, Math.Max(word.Length, candidate.Length) / 3);
            var distance = SameLastPart(word, candidate) ? 1
                : Math.Abs(word.Length - candidate.Length) > most ? int.MaxValue
                : Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (distance < least && distance <= most)
                (best, least) = (candidate, distance);
        }
        return best;
    }

    private static bool SameLastPart(string a, string b)
    {
        var (x, y) = (a.LastIndexOf('/'), b.LastIndexOf('/'));
        return x >= 0 && y >= 0 && a.AsSpan(x).Equals(b.AsSpan(y), StringComparison.OrdinalIgnoreCase);
    }

    private static int Distance(string a, string b)
    {
        var (beforeLast, last, row) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++)
            last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
            }
            (beforeLast, last, row) = (last, row, beforeLast);
        }
        return last[b.Length];
    }
}
