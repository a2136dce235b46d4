using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Target;

/// <summary>
/// SMART (ATA8-ACS 7.53), as far as initiators ask: whether the disk is well, and a page of attributes, which is empty. A
/// medium that failed to sync is told as a threshold that was exceeded; so it stays until the target is started anew.
/// </summary>
internal static class Smart
{
    /// <summary>In the address registers of each of its commands, bytes 1 and 2.</summary>
    private const long Signature = 0xC24F00, Exceeded = 0x2CF400, SignatureMask = 0xFFFF00;
    private const byte ReadData = 0xD0, Enable = 0xD8, Disable = 0xD9, ReturnStatus = 0xDA;
    private const int Revision = 0x0010, SavesByItself = 1, CapabilityAt = 368, SumAt = 511;

    /// <summary>Whether it is a command that is known, with its signature.</summary>
    public static bool Knows(in AtaSection ata) =>
        (ata.Lba & SignatureMask) == Signature && ata.Feature is ReadData or Enable or Disable or ReturnStatus;

    /// <summary>Whether data of one sector is asked for.</summary>
    public static bool Reads(in AtaSection ata) => ata.Feature == ReadData;

    /// <summary>What the address registers of the answer say.</summary>
    public static long Lba(in AtaSection ata, bool well) =>
        ata.Feature == ReturnStatus && !well ? ata.Lba & ~SignatureMask | Exceeded : ata.Lba;

    /// <summary>The page of attributes: none, with a sum that makes all bytes add up to 0.</summary>
    public static void WritePage(Span<byte> sector)
    {
        sector.Clear();
        sector[0] = Revision;
        sector[CapabilityAt] = SavesByItself;
        byte sum = 0;
        foreach (var b in sector[..SumAt]) sum += b;
        sector[SumAt] = (byte)-sum;
    }
}
