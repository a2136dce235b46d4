using System.Runtime.InteropServices;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.AoeBench.Servers;

/// <summary>
/// What a target could reach that had nothing to do: it holds the disk in its memory, lends the kernel what is read, as few system
/// calls as there may be, and touches no file. All of the disk, as a real one has it: a target that answers each read with the
/// same few buffers sends what the processor has at hand already, and no disk is like that.
/// </summary>
internal sealed class Limit(string file) : Server("limit", new AoeAddress(3, 0))
{
    /// <summary>First argument of this program when it is to be the target; the second is the file that it reads at its start.</summary>
    public const string Word = "--be-the-limit";

    private const int BatchFrames = 64, PageBytes = 4096;

    public override bool StoresWrites => false;

    protected override IReadOnlyList<string> Command(Series series) =>
        [Environment.ProcessPath!, Word, file];

    public static void Serve(string file)
    {
        var address = new AoeAddress(3, 0);
        var size = (int)new FileInfo(file).Length;
        // By whole pages, as the page cache has it.
        var disk = GC.AllocateUninitializedArray<byte>(size + PageBytes, pinned: true);
        var start = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(disk, 0) & (PageBytes - 1));
        using (var handle = File.OpenHandle(file)) RandomAccess.Read(handle, disk.AsSpan(start, size), 0);
        using var socket = PacketSocket.Open(Wire.Interface, new PacketSocketOptions
        {
            EtherType = AoeProtocol.EtherType,
            Filter = AoeFilters.Requests(address),
            HeadBytes = AtaSection.DataAt,
            Spins = true,
            Ring = new PacketRingSize(512, 9100),
        });
        var ours = MacAddress.Read(socket.Interface.Address.Span);
        var (requests, answers) = (new PacketBatch(BatchFrames, 9100), new PacketBatch(BatchFrames, 9100));
        while (true)
        {
            socket.Receive(requests, Timeout.Infinite);
            for (var i = 0; i < requests.Count; i++)
            {
                if (AoeHeader.TryRead(requests[i], out var header) != MalformedFrame.No) continue;
                header.Answer(ours, address).Write(answers.Next);
                if (header.Command != AoeCommand.Ata || AtaSection.TryRead(requests[i], out var ata) != MalformedFrame.No)
                {
                    // Whoever asks where it is has heard it.
                    answers.Add(AoeHeader.Bytes);
                    continue;
                }
                var (at, bytes) = (ata.Lba * AoeProtocol.SectorBytes, ata.SectorCount * AoeProtocol.SectorBytes);
                if (at + bytes > size) continue;
                (ata with { Command = AtaStatus.Ready, Feature = 0 }).Write(answers.Next);
                answers.Lend(Marshal.UnsafeAddrOfPinnedArrayElement(disk, start + (int)at), bytes);
                answers.Add(AtaSection.DataAt);
            }
            socket.Send(answers);
            answers.Clear();
        }
    }
}
