using System.Collections.Immutable;

namespace Godwit.Api;

/// <summary>
/// Long work that a host does. It goes on when whoever asked for it goes away, and is undone when it fails, is
/// cancelled, or its daemon ends.
/// </summary>
public sealed record JobInfo
{
    public required Guid Id { get; init; }

    /// <summary>
    /// What is done: <c>image-build</c>, <c>image-import</c>, <c>guest-volumes</c>, <c>guest-create</c>, <c>volume-resize</c>,
    /// <c>volume-copy</c>, <c>volume-export</c>, <c>domain-save</c> or <c>domain-restore</c>.
    /// </summary>
    public required string Kind { get; init; }

    /// <summary>Name of what is made or changed.</summary>
    public required string Subject { get; init; }

    /// <summary>The host that does it, and is to be asked about it.</summary>
    public required string Host { get; init; }

    public required double AgeSeconds { get; init; }

    public required JobEvent Now { get; init; }
}

/// <summary>
/// How far a job has come; one line of <c>GET /v1/jobs/ID/events</c> (newline-delimited JSON). The last line has
/// <see cref="Result"/>; without it the line broke.
/// </summary>
public sealed record JobEvent
{
    /// <summary>What is being done, for a person.</summary>
    public required string Step { get; init; }

    /// <summary>Part of the whole that is done, from 0 to 1; it never falls.</summary>
    public required double Share { get; init; }

    /// <summary>Seconds until the expected end; null while unknown.</summary>
    public double? ExpectedSeconds { get; init; }

    public JobResult? Result { get; init; }
}

/// <summary>How a job ended.</summary>
public sealed record JobResult
{
    /// <summary>Why it failed; null when it did not.</summary>
    public ApiError? Error { get; init; }

    /// <summary>Names of what was made.</summary>
    public ImmutableArray<string> Products { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>What its user should know.</summary>
    public ImmutableArray<string> Notes { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Code of a job that was cancelled, or whose daemon ended; what it had done is undone.</summary>
    public const string Cancelled = "job-cancelled";
}
