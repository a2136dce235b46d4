namespace Godwit.AoeTool;

internal enum ExitCode
{
    Success = 0,
    Failure = 1,
    Usage = 2,
}
