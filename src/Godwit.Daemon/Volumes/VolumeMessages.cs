using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Daemon.Volumes;

/// <param name="Macs">Ethernet addresses that the host uses on the storage network.</param>
/// <param name="Sessionless">Its frames carry no session: the kernel's driver sends them.</param>
internal sealed record AdmitRequest(ImmutableArray<MacAddress> Macs, bool Sessionless = false);

internal sealed record AdmitAnswer(int Session);

internal sealed record FenceRequest(long Epoch, int Session);

/// <param name="PreviousEpoch">Epoch that held the writer's role before.</param>
internal sealed record FenceAnswer(long PreviousEpoch);

internal sealed record ReleaseRequest(int Session);

/// <param name="SizeBytes">Size of the volume now.</param>
internal sealed record GrownRequest(long SizeBytes);
