namespace Godwit.Nbd;

/// <summary>What a client and this server have agreed on.</summary>
/// <param name="Structured">Replies with data are structured: a read that fails says so without an end of the connection.</param>
/// <param name="Allocation">The client may ask for the status of blocks in the context <c>base:allocation</c>.</param>
internal readonly record struct NbdSession(bool Structured, bool Allocation);
