using Godwit.Aoe.Wire;
using Godwit.Native.Packets;

namespace Godwit.Aoe.Tests;

/// <summary>A target that knows nothing of Godwit's words: it executes what comes, as often as it comes.</summary>
internal sealed class OtherTarget : IDisposable
{
    private readonly MemoryLink _link;
    private readonly Thread _thread;
    private volatile bool _stopping;

    public OtherTarget(MemoryLink link, byte[] data, string serial = "e0.0:other")
    {
        (_link, Data, Serial) = (link, data, serial);
        _thread = new Thread(Loop) { IsBackground = true };
        _thread.Start();
    }

    public byte[] Data { get; }

    public string Serial { get; }

    public void Dispose()
    {
        _stopping = true;
        _link.Wake();
        _thread.Join();
    }

    private void Loop()
    {
        var (requests, answers) = (new PacketBatch(64, 9100), new PacketBatch(1, 9100));
        while (!_stopping)
        {
            _link.Receive(requests, -1);
            for (var i = 0; i < requests.Count; i++)
            {
                if (AoeHeader.TryRead(requests[i], out var header) != MalformedFrame.No || header.IsResponse) continue;
                answers.Clear();
                header.Answer(_link.Address, TargetBench.Address).Write(answers.Next);
                answers.Add(header.Command == AoeCommand.Ata ? Execute(requests[i], answers.Next) : Tell(answers.Next));
                _link.Send(answers);
            }
        }
    }

    private static int Tell(Span<byte> answer)
    {
        new ConfigSection { BufferCount = 16, SectorsPerFrame = 17 }.Write(answer);
        return ConfigSection.StringAt;
    }

    private int Execute(ReadOnlySpan<byte> frame, Span<byte> answer)
    {
        AtaSection.TryRead(frame, out var ata);
        var (at, bytes) = ((int)ata.Lba * 512, ata.SectorCount * 512);
        var (status, length) = (AtaStatus.Ready, AtaSection.DataAt);
        switch (ata.Command)
        {
            case AtaCommand.Identify:
                new AtaIdentity { Sectors = Data.Length / 512, Serial = Serial, Model = "Other" }.Write(answer[AtaSection.DataAt..]);
                length += AtaIdentity.Bytes;
                break;
            case AtaCommand.ReadExt:
                lock (Data) Data.AsSpan(at, bytes).CopyTo(answer[AtaSection.DataAt..]);
                length += bytes;
                break;
            case AtaCommand.WriteExt:
                lock (Data) frame.Slice(AtaSection.DataAt, bytes).CopyTo(Data.AsSpan(at));
                break;
            case AtaCommand.FlushCache:
                break;
            default:
                status |= AtaStatus.Error;
                break;
        }
        (ata with { Command = status, Feature = 0 }).Write(answer);
        return length;
    }
}
