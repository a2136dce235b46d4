using System.Collections.Immutable;
using System.Net;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Network;

/// <summary>Learns the addresses of one guest from the frames that it sends into its port.</summary>
internal sealed class PortWatch : IDisposable
{
    /// <summary>More than an honest guest has; the ones claimed last are kept.</summary>
    private const int MostAddresses = 16;
    private const int Frames = 16, FrameBytes = 128, BufferBytes = 64 << 10, StackBytes = 128 << 10;
    private const ushort AllEtherTypes = 3; // ETH_P_ALL

    private readonly GuestPort _port;
    private readonly PacketSocket _socket;
    private readonly ILogger _log;
    private readonly Thread _thread;
    private volatile bool _ended;
    private ImmutableArray<IPAddress> _addresses;

    /// <exception cref="NativeException">The port is not there.</exception>
    public PortWatch(GuestPort port, ImmutableArray<IPAddress> known, ILogger log)
    {
        (_port, _addresses, _log) = (port, known, log);
        _socket = PacketSocket.Open(port.Device, new PacketSocketOptions
        {
            EtherType = AllEtherTypes,
            Filter = AddressReader.Filter(port.Mac),
            ReceiveBufferBytes = BufferBytes,
            SendBufferBytes = BufferBytes,
        });
        _thread = new Thread(Run, StackBytes) { IsBackground = true, Name = $"watch {port.Device}" };
        _thread.Start();
    }

    public ImmutableArray<IPAddress> Addresses => _addresses;

    public void Dispose()
    {
        _ended = true;
        _socket.Wake();
        _thread.Join();
        _socket.Dispose();
    }

    private void Run()
    {
        var batch = new PacketBatch(Frames, FrameBytes);
        try
        {
            while (!_ended)
            {
                _socket.Receive(batch, -1);
                for (var i = 0; i < batch.Count; i++)
                    if (AddressReader.Read(batch[i], _port.Mac) is { } address) Learn(address);
            }
        }
        catch (NativeException e)
        {
            // The tap is gone, and the guest with it.
            NetworkLog.WatchEnded(_log, _port.Device, e.Message);
        }
    }

    private void Learn(IPAddress address)
    {
        var known = _addresses;
        if (known.Contains(address)) return;
        if (known.Length >= MostAddresses) known = known.RemoveAt(0);
        _addresses = known.Add(address);
        NetworkLog.Learned(_log, _port.Mac, address);
    }
}
