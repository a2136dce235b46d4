using Godwit.Domains;

namespace Godwit.AoeTool;

/// <summary>Options that each make sense, but not together.</summary>
internal sealed class UsageException(string message, string remedy) : GodwitException(UsageCode, message, remedy)
{
    public const string UsageCode = "usage";
}
