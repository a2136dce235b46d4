namespace Godwit.Daemon.Registry;

/// <summary>Answer of a registry that serves.</summary>
/// <param name="Revision">Of the last change that it knows.</param>
internal sealed record RegistryProbe(long Revision);
