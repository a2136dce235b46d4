using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>Whether a frame's sender may do what it asks for, by the fence of a pool or by a reservation.</summary>
internal sealed class Admission(Fence? fence, InBandCommands inBand)
{
    public FenceStanding Standing(in AoeHeader header) =>
        fence?.Standing(header.Source, new FrameTag(header.Tag).Session) ?? FenceStanding.Unfenced;

    /// <summary>Whether a sender that is admitted may read these sectors.</summary>
    public bool MayRead(in AoeHeader header, long first, long count) =>
        fence?.Ranges is not { } ranges || ranges.MayRead(header.Source, new FrameTag(header.Tag).Session, first, count);

    /// <summary>Whether a sender that is admitted may change these sectors, if not all.</summary>
    public bool MayWrite(in AoeHeader header, long first, long count) =>
        fence?.Ranges is not { } ranges || ranges.MayWrite(header.Source, new FrameTag(header.Tag).Session, first, count);

    public long Epoch => fence?.State?.Epoch ?? 0;

    public AdmissionAnswer Ask(in AoeHeader header, byte command)
    {
        if (fence is null)
        {
            if (!inBand.MaySendAta(header.Source)) return AdmissionAnswer.Reserved;
            return inBand.Problem is not null && AtaCommand.IsWrite(command) ? AdmissionAnswer.Refused : AdmissionAnswer.Allowed;
        }
        if (command is AtaCommand.Identify or AtaCommand.Smart) return AdmissionAnswer.Allowed;
        var needed = AtaCommand.IsWrite(command) && fence.Ranges is null ? FenceStanding.Writer : FenceStanding.Reader;
        return Standing(header) >= needed ? AdmissionAnswer.Allowed : AdmissionAnswer.Refused;
    }
}

internal enum AdmissionAnswer
{
    Allowed = 1,

    /// <summary>ATA error status, which gives EIO on the initiator's side at once.</summary>
    Refused,

    /// <summary>AoE error 6.</summary>
    Reserved,
}
