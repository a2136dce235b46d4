using Godwit.Api;
using Godwit.Cli.Running;

namespace Godwit.Cli.Rendering;

/// <summary>
/// How far long work on a volume has come, beside the result: one line that is written over on a terminal, else a line every
/// few seconds.
/// </summary>
internal sealed class WorkView(Surroundings around, bool silent)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly bool _lively = around.ErrorIsTerminal && around.OutIsLively;
    private long? _shown;
    private int _width;

    public void Show(VolumeWork work)
    {
        if (silent || (!_lively && _shown is { } before && around.Time.GetElapsedTime(before) < Interval)) return;
        _shown = around.Time.GetTimestamp();
        var line = Text(work);
        if (!_lively)
        {
            around.Error.WriteLine(line);
            return;
        }
        around.Error.Write("\r" + line.PadRight(_width));
        _width = line.Length;
    }

    public void End()
    {
        if (_width > 0) around.Error.Write("\r" + new string(' ', _width) + "\r");
    }

    internal static string Text(VolumeWork work)
    {
        var share = work.TotalBytes > 0 ? 100.0 * work.DoneBytes / work.TotalBytes : 0;
        var rest = work.ExpectedSeconds is { } seconds ? $", {Units.Seconds(seconds)} to go" : "";
        return Units.Text($"{share,3:0} %  {Units.Bytes(work.DoneBytes)} of {Units.Bytes(work.TotalBytes)}{rest}");
    }
}
