using System.Collections.Immutable;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Volumes;

/// <summary>Work on the data of volumes that lie in several parts, one part after the other, with the progress of the whole.</summary>
internal sealed class PartedWork(IVolumeData data)
{
    private readonly List<(long Bytes, Func<IProgress<WorkProgress>, CancellationToken, Task> Do)> _steps = [];

    public PartedWork Zero(ImmutableArray<VolumeExtent> parts)
    {
        foreach (var part in parts)
            _steps.Add((part.Length, (progress, ct) => data.ZeroAsync(part.Path, part.Start, part.Start + part.Length, progress, ct)));
        return this;
    }

    /// <summary>As far as both volumes go; the second reads as zeroes.</summary>
    public PartedWork Copy(ImmutableArray<VolumeExtent> from, ImmutableArray<VolumeExtent> to)
    {
        foreach (var (there, here) in VolumeExtent.Pair(from, to))
            _steps.Add((there.Length, (progress, ct) => data.CopyAsync(there, here, progress, ct)));
        return this;
    }

    public async Task RunAsync(IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var total = _steps.Sum(step => step.Bytes);
        long done = 0;
        foreach (var (bytes, step) in _steps)
        {
            await step(new Share(progress, done, total), cancellationToken).ConfigureAwait(false);
            done += bytes;
        }
    }

    private sealed class Share(IProgress<WorkProgress> whole, long before, long total) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => whole.Report(new WorkProgress(before + value.Done, total));
    }
}
