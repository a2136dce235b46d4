namespace Godwit.Cli;

/// <summary>How <c>godwit</c> ends, for scripts; described for users in docs/exit-codes.md.</summary>
internal enum ExitCode
{
    Success = 0,

    /// <summary>The request failed or was refused.</summary>
    Failed = 1,

    /// <summary>The command line could not be understood.</summary>
    Usage = 2,

    /// <summary>No daemon answered, so nothing was asked of it.</summary>
    NoDaemon = 3,

    /// <summary>Ctrl-C, or a time limit that passed.</summary>
    Interrupted = 4,

    /// <summary>A list was printed that may lack something: the registry is away.</summary>
    Partial = 5,
}
