using Godwit.Domains;

namespace Godwit.Hypervisors;

/// <summary>The engine had ended before it could be told: what was asked of it has certainly not happened.</summary>
public sealed class EngineGoneException(string message, Exception? inner = null)
    : GodwitException("engine-gone", message, null, inner);
