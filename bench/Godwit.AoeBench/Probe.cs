using System.Diagnostics;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.AoeBench;

/// <summary>Single requests to a target, before it is measured.</summary>
internal sealed class Probe(PacketSocket socket, AoeAddress target)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly PacketBatch _batch = new(16, 9100);
    private readonly MacAddress _ours = MacAddress.Read(socket.Interface.Address.Span);
    private uint _tag = 0x7000_0000;

    /// <summary>Waits for a target that is starting, and says where it is.</summary>
    public MacAddress Find()
    {
        var answer = Ask(new MacAddress(0xFFFF_FFFF_FFFF), AoeCommand.QueryConfig, frame =>
        {
            frame[AoeHeader.Bytes..ConfigSection.StringAt].Clear();
            default(ConfigSection).Write(frame);
            return ConfigSection.StringAt;
        });
        return AoeHeader.TryRead(answer, out var header) == MalformedFrame.No ? header.Source : default;
    }

    /// <summary>That a target serves what its file holds.</summary>
    /// <exception cref="InvalidDataException">It serves something else.</exception>
    public void Compare(MacAddress theirs, Series series, string file)
    {
        using var handle = File.OpenHandle(file);
        var places = RandomAccess.GetLength(handle) / series.Bytes;
        var sectors = series.Bytes / AoeProtocol.SectorBytes;
        var expected = new byte[series.Bytes];
        for (var i = 0; i < 50; i++)
        {
            var place = Random.Shared.NextInt64(places);
            var answer = Ask(theirs, AoeCommand.Ata, frame =>
            {
                new AtaSection { Flags = AtaFlags.Extended, Command = AtaCommand.ReadExt, SectorCount = (byte)sectors, Lba = place * sectors }.Write(frame);
                return AtaSection.DataAt;
            });
            RandomAccess.Read(handle, expected, place * series.Bytes);
            if (answer.Length != AtaSection.DataAt + series.Bytes || !answer.AsSpan(AtaSection.DataAt).SequenceEqual(expected))
                throw new InvalidDataException($"{target} does not serve what {file} holds at {place * series.Bytes}.");
        }
    }

    private byte[] Ask(MacAddress to, AoeCommand command, Func<Span<byte>, int> write)
    {
        _tag++;
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < s_patience;)
        {
            _batch.Clear();
            AoeHeader.Request(to, _ours, target, command, _tag).Write(_batch.Next);
            _batch.Add(write(_batch.Next));
            socket.Send(_batch);
            socket.Receive(_batch, 20);
            for (var i = 0; i < _batch.Count; i++)
            {
                if (AoeHeader.TryRead(_batch[i], out var header) == MalformedFrame.No && header.Tag == _tag) return _batch[i].ToArray();
            }
        }
        throw new TimeoutException($"{target} does not answer.");
    }
}
