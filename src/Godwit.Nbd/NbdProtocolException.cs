namespace Godwit.Nbd;

/// <summary>The client broke the protocol in a way after which the stream cannot be understood.</summary>
internal sealed class NbdProtocolException(string message) : Exception(message);
