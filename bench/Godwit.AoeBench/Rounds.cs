using Godwit.Aoe.Wire;
using Godwit.AoeBench.Servers;
using Godwit.Native.Packets;

namespace Godwit.AoeBench;

/// <summary>Measures all targets under all series, side by side: each round has each series with one target after the other.</summary>
internal sealed class Rounds(IReadOnlyList<Server> servers, string file, long bytes, Options options)
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(200);

    /// <summary>What each round gave.</summary>
    public Dictionary<(Series Series, string Server), List<Measured>> Run(IReadOnlyList<Series> series)
    {
        Dictionary<(Series Series, string Server), List<Measured>> all = [];
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var load in series)
            {
                foreach (var server in servers.Where(s => !load.Writes || s.StoresWrites))
                {
                    var measured = Wire.Run(() => Measure(server, load));
                    if (!all.TryGetValue((load, server.Name), out var list)) all[(load, server.Name)] = list = [];
                    list.Add(measured);
                    Console.Error.WriteLine($"round {round}: {load}: {server.Name} {measured.PerSecond:F0}/s");
                }
            }
        }
        return all;
    }

    private Measured Measure(Server server, Series series)
    {
        using var running = server.Start(series);
        using var socket = PacketSocket.Open(
            Wire.Interface, new PacketSocketOptions { EtherType = AoeProtocol.EtherType, Filter = AoeFilters.Answers(server.Address) });
        var probe = new Probe(socket, server.Address);
        var theirs = probe.Find();
        if (!series.Writes) probe.Compare(theirs, series, file);
        return new LoadGenerator(socket, server.Address, theirs, series, bytes)
            .Run(s_warmUp, TimeSpan.FromSeconds(options.Seconds), running.Cpu);
    }
}
