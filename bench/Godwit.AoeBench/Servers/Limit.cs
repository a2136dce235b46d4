using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.AoeBench.Servers;

/// <summary>
/// What a target could reach that had nothing to do: it answers each read with the same bytes of memory, by as few system calls as
/// the kernel lets it, and touches no file.
/// </summary>
internal sealed class Limit() : Server("limit", new AoeAddress(3, 0))
{
    /// <summary>First argument of this program when it is to be the target.</summary>
    public const string Word = "--be-the-limit";

    private const int BatchFrames = 64;

    public override bool StoresWrites => false;

    protected override IReadOnlyList<string> Command(Series series) =>
        [Environment.ProcessPath!, Word];

    public static void Serve()
    {
        var address = new AoeAddress(3, 0);
        using var socket = PacketSocket.Open(Wire.Interface, new PacketSocketOptions
        {
            EtherType = AoeProtocol.EtherType,
            Filter = AoeFilters.Requests(address),
            Spins = true,
            Ring = new PacketRingSize(512, 9100),
        });
        var ours = MacAddress.Read(socket.Interface.Address.Span);
        var room = AtaSection.DataAt + AoeProtocol.SectorsPerFrame(socket.Interface.Mtu) * AoeProtocol.SectorBytes;
        var (requests, answers) = (new PacketBatch(BatchFrames, room), new PacketBatch(BatchFrames, room));
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
                (ata with { Command = AtaStatus.Ready, Feature = 0 }).Write(answers.Next);
                answers.Add(AtaSection.DataAt + ata.SectorCount * AoeProtocol.SectorBytes);
            }
            socket.Send(answers);
            answers.Clear();
        }
    }
}
