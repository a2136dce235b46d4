using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Nbd.Tests;

/// <summary>A server on one end of a socket and a client, byte for byte, on the other.</summary>
internal sealed class NbdPeer : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"gnbd-{Guid.NewGuid():N}");
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public NbdPeer(INbdDevice device)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen();
        Client.Connect(new UnixDomainSocketEndPoint(_path));
        var server = _listener.Accept();
        Server = new NbdServer(device, NullLogger.Instance);
        Ended = Task.Run(async () =>
        {
            using (server) return await Server.ServeAsync(server, _stop.Token);
        });
        Client.ReceiveTimeout = 10_000;
    }

    public Socket Client { get; } = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public NbdServer Server { get; }

    public Task<NbdConnectionEnd> Ended { get; }

    public static NbdPeer Negotiated(INbdDevice device)
    {
        var peer = new NbdPeer(device);
        peer.Take(18);
        peer.Give([0, 0, 0, 3]);
        peer.Option(1, []);
        peer.Take(10);
        return peer;
    }

    /// <summary>A client that has agreed on structured replies and on <c>base:allocation</c>.</summary>
    public static NbdPeer Structured(INbdDevice device)
    {
        var peer = new NbdPeer(device);
        peer.Take(18);
        peer.Give([0, 0, 0, 3]);
        peer.Option(8, []);
        Assert.Equal(1u, peer.OptionReply().Type);
        peer.Option(10, Contexts("base:allocation"));
        Assert.Equal([0, 0, 0, 1, .. "base:allocation"u8], peer.OptionReply().Data);
        Assert.Equal(1u, peer.OptionReply().Type);
        peer.Option(1, []);
        peer.Take(10);
        return peer;
    }

    /// <summary>What LIST and SET of contexts ask, of the export without a name.</summary>
    public static byte[] Contexts(params string[] queries)
    {
        var bytes = new List<byte> { 0, 0, 0, 0, 0, 0, 0, (byte)queries.Length };
        foreach (var query in queries)
            bytes.AddRange([0, 0, 0, (byte)query.Length, .. System.Text.Encoding.ASCII.GetBytes(query)]);
        return [.. bytes];
    }

    public (ushort Flags, ushort Type, ulong Cookie, byte[] Data) Chunk()
    {
        var header = Take(20);
        Assert.Equal(0x668e33efu, BinaryPrimitives.ReadUInt32BigEndian(header));
        return (BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(4)), BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(6)),
            BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(8)), Take(BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(16))));
    }

    public void Stop() => _stop.Cancel();

    public void Give(byte[] bytes) => Client.Send(bytes);

    public byte[] Take(int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var got = Client.Receive(bytes.AsSpan(at));
            if (got == 0) throw new EndOfStreamException($"the server closed after {at} of {count} bytes");
            at += got;
        }
        return bytes;
    }

    public void Option(uint option, byte[] data, uint? length = null)
    {
        var bytes = new byte[16 + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, 0x49484156454F5054);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), option);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12), length ?? (uint)data.Length);
        data.CopyTo(bytes, 16);
        Give(bytes);
    }

    public (uint Type, byte[] Data) OptionReply()
    {
        var header = Take(20);
        Assert.Equal(0x0003E889045565A9ul, BinaryPrimitives.ReadUInt64BigEndian(header));
        return (BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12)), Take(BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(16))));
    }

    public void Request(ushort command, ulong cookie, ulong offset, uint length, byte[]? data = null, ushort flags = 0) =>
        Give(RequestBytes(command, cookie, offset, length, data, flags));

    public static byte[] RequestBytes(ushort command, ulong cookie, ulong offset, uint length, byte[]? data = null, ushort flags = 0)
    {
        var bytes = new byte[28 + (data?.Length ?? 0)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, 0x25609513);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), flags);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), command);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), cookie);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), offset);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(24), length);
        data?.CopyTo(bytes, 28);
        return bytes;
    }

    public (uint Error, ulong Cookie) Reply()
    {
        var bytes = Take(16);
        Assert.Equal(0x67446698u, BinaryPrimitives.ReadUInt32BigEndian(bytes));
        return (BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(4)), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)));
    }

    public void Dispose()
    {
        Client.Dispose();
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
        File.Delete(_path);
    }
}
