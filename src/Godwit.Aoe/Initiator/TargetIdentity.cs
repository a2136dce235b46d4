using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// What tells one target from another with the same shelf and slot, which may have another disk. Godwit's says it by the boot id,
/// drawn at its start; of others there is no more than the name and size of the disk.
/// </summary>
internal sealed record TargetIdentity(Guid BootId, byte Mark, string Serial, string Model, long Sectors)
{
    public static TargetIdentity Of(AtaIdentity identity) => new(
        identity.Godwit?.BootId ?? default, identity.Godwit?.Mark ?? 0, identity.Serial, identity.Model, identity.Sectors);
}
