using Godwit.Storage.Volumes;

namespace Godwit.Storage.Images;

/// <summary>How far a long piece of work has come.</summary>
/// <param name="Step">What is being done, for a person.</param>
/// <param name="Share">Part of the whole that is done, from 0 to 1, as far as it can be told; it never falls.</param>
public readonly record struct StepProgress(string Step, double Share);

/// <summary>Passes progress on as a part of something larger.</summary>
/// <param name="whole">Takes it; null where nobody listens.</param>
/// <param name="from">Share at which the part begins.</param>
/// <param name="to">Share at which it ends.</param>
public sealed class PartOfProgress(IProgress<StepProgress>? whole, double from, double to) : IProgress<StepProgress>
{
    public void Report(StepProgress value) => whole?.Report(value with { Share = from + (value.Share * (to - from)) });

    public void Report(string step, double share) => Report(new StepProgress(step, share));
}

/// <summary>Tells of bytes as of a step.</summary>
/// <param name="progress">Takes it; null where nobody listens.</param>
/// <param name="step">What is done with the bytes.</param>
public sealed class BytesOfStep(IProgress<StepProgress>? progress, string step) : IProgress<WorkProgress>
{
    public void Report(WorkProgress value) => progress?.Report(new StepProgress(step, value.Total == 0 ? 1 : (double)value.Done / value.Total));
}
