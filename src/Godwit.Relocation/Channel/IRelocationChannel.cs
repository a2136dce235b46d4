using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Channel;

/// <summary>
/// The line between the two sides of a relocation: ordered, authenticated, and able to break at any moment. It
/// carries typed messages and, between them, the engine's bytes.
/// </summary>
public interface IRelocationChannel : IAsyncDisposable
{
    /// <summary>Name of the host at the other end, from its certificate.</summary>
    string Peer { get; }

    /// <summary>Sends one message; returns once it has been handed to the network.</summary>
    ValueTask SendAsync(RelocationMessage message, CancellationToken cancellationToken);

    /// <summary>
    /// The next message, or null at an orderly end. A <see cref="RelocationMessage.EngineBytes"/> borrows its memory:
    /// it is valid until the next call.
    /// </summary>
    /// <exception cref="ChannelException">The line broke, or the other side does not keep to the protocol.</exception>
    ValueTask<RelocationMessage?> ReceiveAsync(CancellationToken cancellationToken);
}

/// <summary>Opens channels to other hosts.</summary>
public interface IRelocationDialer
{
    /// <exception cref="ChannelException">The host does not answer or is not who it should be.</exception>
    Task<IRelocationChannel> DialAsync(string host, CancellationToken cancellationToken);
}

/// <summary>The line between the two sides is broken, or was never made.</summary>
public sealed class ChannelException(string message, Exception? inner = null) : Exception(message, inner);
