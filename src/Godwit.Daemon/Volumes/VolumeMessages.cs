using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Volumes;

/// <param name="Macs">Ethernet addresses that the host uses on the storage network.</param>
/// <param name="Sessionless">Its frames carry no session: the kernel's driver sends them.</param>
internal sealed record AdmitRequest(ImmutableArray<MacAddress> Macs, bool Sessionless = false);

internal sealed record AdmitAnswer(int Session);

/// <param name="Epoch">Under which the role is taken.</param>
/// <param name="Session">Of the host that asks.</param>
/// <param name="Sectors">Parts of the volume; null for all of it.</param>
/// <param name="Free">Only what nobody has.</param>
internal sealed record FenceRequest(long Epoch, int Session, ImmutableArray<SectorRange>? Sectors = null, bool Free = false);

/// <summary>Sectors that a session reads again, gives up, or says to be of no volume.</summary>
internal sealed record SectorsRequest(int Session, ImmutableArray<SectorRange> Sectors);

/// <summary>Where the volumes of the group lie that is on a volume.</summary>
internal sealed record LayoutRequest(ImmutableArray<GroupVolume> Volumes);

/// <param name="PreviousEpoch">Epoch that held the writer's role before.</param>
internal sealed record FenceAnswer(long PreviousEpoch);

/// <param name="Session">That ends.</param>
/// <param name="Sectors">Only the writer's role in these parts ends; null: all of it.</param>
internal sealed record ReleaseRequest(int Session, ImmutableArray<SectorRange>? Sectors = null);

/// <param name="SizeBytes">Size of the volume now.</param>
internal sealed record GrownRequest(long SizeBytes);
