using System.Globalization;
using System.Text.RegularExpressions;

namespace Godwit.Storage.Images.Build;

/// <summary>How far mmdebstrap has come, from what it and apt print: it unpacks and sets up a known number of packages, twice.</summary>
internal sealed partial class BuildProgress(IProgress<StepProgress>? progress)
{
    private const int StepsPerPackage = 2;
    private readonly Lock _lock = new();
    private int _stage = -1;
    private int _packages;
    private int _steps;
    private double _share;

    /// <summary>What is told of each stage, the share at which it begins, and the line that begins it.</summary>
    private static readonly (string Line, string What, double From)[] Stages =
    [
        ("I: running apt-get update", "reading package lists", 0),
        ("I: downloading packages", "downloading", 0.05),
        ("I: extracting archives", "unpacking the base system", 0.10),
        ("I: installing essential", "installing the base system", 0.15),
        ("I: installing remaining", "installing packages", 0.45),
        ("update-initramfs: Generating", "making the initial ramdisk", 0.9),
        ("I: cleaning", "clearing up", 0.97),
    ];

    /// <summary>Takes a line, from any thread.</summary>
    public void Take(string line)
    {
        lock (_lock)
        {
            if (Array.FindIndex(Stages, stage => line.StartsWith(stage.Line, StringComparison.Ordinal)) is var stage && stage > _stage)
                (_stage, _steps) = (stage, 0);
            else if (NewPackages().Match(line) is { Success: true } match)
                _packages = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            else if (line.StartsWith("Unpacking ", StringComparison.Ordinal) || line.StartsWith("Setting up ", StringComparison.Ordinal))
                _steps++;
            else
                return;
            if (_stage < 0)
                return;
            var (from, to) = (Stages[_stage].From, _stage + 1 < Stages.Length ? Stages[_stage + 1].From : 1);
            var part = _packages == 0 ? 0 : Math.Min(1, (double)_steps / (_packages * StepsPerPackage));
            _share = Math.Max(_share, from + (part * (to - from)));
            progress?.Report(new StepProgress(Stages[_stage].What, _share));
        }
    }

    [GeneratedRegex(@"^\d+ upgraded, (\d+) newly installed", RegexOptions.CultureInvariant)]
    private static partial Regex NewPackages();
}
