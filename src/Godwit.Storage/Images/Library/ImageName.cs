using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Godwit.Domains;

namespace Godwit.Storage.Images.Library;

/// <summary>Name of an image. It is a directory's name as well, so that nothing of a path gets into it.</summary>
public static partial class ImageName
{
    /// <exception cref="GodwitException">The text is not a name of an image.</exception>
    public static string Parse([NotNull] string? text) => text is not null && Form().IsMatch(text)
        ? text
        : throw new GodwitException(
            ImageErrors.BadName, $"'{text?.ReplaceLineEndings("\\n")}' is not the name of an image.",
            "Use 1 to 63 lower-case letters, digits and . _ -, beginning with a letter or digit, as in debian or web-12.");

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
