using System.Globalization;

namespace Godwit.Cli.Rendering;

/// <summary>Amounts as people read them. Always with a point, whatever the locale, so that scripts may read them too.</summary>
internal static class Units
{
    private const double KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

    public static string Bytes(long bytes) => bytes switch
    {
        < (long)KiB => Text($"{bytes} B"),
        < (long)MiB => Text($"{bytes / KiB:0.0} KiB"),
        < (long)GiB => Text($"{bytes / MiB:0.0} MiB"),
        _ => Text($"{bytes / GiB:0.00} GiB"),
    };

    public static string Rate(long bytesPerSecond) => Bytes(bytesPerSecond) + "/s";

    /// <summary>Times that a guest may notice, to a tenth of a millisecond; longer ones in seconds.</summary>
    public static string Milliseconds(double milliseconds) =>
        milliseconds < 1000 ? Text($"{milliseconds:0.0} ms") : Text($"{milliseconds / 1000:0.00} s");

    public static string Seconds(double seconds) => seconds switch
    {
        < 100 => Text($"{seconds:0.0} s"),
        < 6000 => Text($"{(int)seconds / 60} min {(int)seconds % 60} s"),
        _ => Text($"{(int)seconds / 3600} h {(int)seconds / 60 % 60} min"),
    };

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads memory of a domain, in whole MiB: without a letter that is what it is in, as with <c>xl mem-set</c>.</summary>
    public static bool TryParseMemory(string text, out int mib)
    {
        mib = 0;
        if (!TryParseBytes(text.Length > 0 && char.IsAsciiDigit(text[^1]) ? text + "m" : text, out var bytes)
            || bytes % (long)MiB != 0 || bytes / (long)MiB > int.MaxValue)
            return false;
        mib = (int)(bytes / (long)MiB);
        return true;
    }

    /// <summary>
    /// Reads a size as users write it, to bytes: <c>512m</c>, <c>5g</c>, <c>1.5GiB</c>, <c>2t</c>, with powers of
    /// 1024 as LVM has them. Without a letter it is bytes.
    /// </summary>
    public static bool TryParseBytes(string text, out long bytes)
    {
        bytes = 0;
        var digits = text.AsSpan().Trim();
        var letters = digits.Length;
        while (letters > 0 && char.IsAsciiLetter(digits[letters - 1])) letters--;
        double? factor = digits[letters..].ToString().ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "K" or "KB" or "KIB" => KiB,
            "M" or "MB" or "MIB" => MiB,
            "G" or "GB" or "GIB" => GiB,
            "T" or "TB" or "TIB" => 1024 * GiB,
            _ => null,
        };
        if (factor is null
            || !double.TryParse(digits[..letters].Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number * factor is not (> 0 and < long.MaxValue))
            return false;
        bytes = (long)(number * factor);
        return true;
    }
}
