namespace Godwit.Machines;

/// <summary>A machine did not do what it was told; the message ends with what it last wrote to its console.</summary>
public sealed class MachineException(string message) : Exception(message);
