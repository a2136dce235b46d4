using System.Collections.Immutable;
using System.Net;
using Godwit.Domains;

namespace Godwit.Hypervisors;

/// <summary>
/// The bridges of a host as a move needs them: who the guests are, and telling the network where they are now.
/// </summary>
public interface IGuestNetwork
{
    /// <summary>Refuses with the known names when the bridge is not there.</summary>
    void CheckBridge(string bridge);

    /// <summary>
    /// Addresses that this guest was seen to use in ARP and neighbour discovery on its port, besides those given by
    /// its configuration.
    /// </summary>
    ImmutableArray<IPAddress> LearnedAddresses(MacAddress mac);

    /// <summary>Begins to learn the addresses behind a port, starting with what is known already.</summary>
    void Watch(GuestPort port, ImmutableArray<IPAddress> known);

    void Unwatch(GuestPort port);

    /// <summary>
    /// Draws the guest's frames to this port: pins its MAC address to the port in the bridge and sends gratuitous ARP,
    /// unsolicited neighbour advertisement and RARP in the guest's name. Frames then wait in the port until the guest
    /// runs. Undone by <see cref="WithdrawAsync"/>, or made ordinary by <see cref="SettleAsync"/>.
    /// </summary>
    Task AnnounceAsync(GuestPort port, ImmutableArray<IPAddress> addresses, CancellationToken cancellationToken);

    /// <summary>The guest runs here: repeats the announcement a few times, and removes the pin.</summary>
    Task SettleAsync(GuestPort port, ImmutableArray<IPAddress> addresses, CancellationToken cancellationToken);

    /// <summary>The guest does not come after all: removes the pin.</summary>
    Task WithdrawAsync(GuestPort port, CancellationToken cancellationToken);

    /// <summary>
    /// The guest may stop at any moment to move away: frames that come for it from now on are noted. Said again, it makes room for more;
    /// the latest are kept.
    /// </summary>
    void Note(GuestPort port);

    /// <summary>The frames that the guest has not had, in the order in which they came. No more are noted.</summary>
    /// <param name="port">The port of a guest that stands.</param>
    /// <param name="waiting">What <see cref="IDomainCopy.TakeWaiting"/> found in it.</param>
    /// <param name="stopped">When the guest stopped.</param>
    ImmutableArray<byte[]> Take(GuestPort port, IReadOnlyList<byte[]> waiting, DateTimeOffset stopped);

    /// <summary>
    /// Puts frames into the guest's port, past the bridge: their senders are elsewhere, and the bridge must not learn
    /// them here.
    /// </summary>
    void Deliver(GuestPort port, IReadOnlyList<byte[]> frames);

    /// <summary>Ends the noting. A guest that goes on here finds the frames in its port.</summary>
    void Forget(GuestPort port);
}
