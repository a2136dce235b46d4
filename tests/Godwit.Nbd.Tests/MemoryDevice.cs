using System.Collections.Concurrent;

namespace Godwit.Nbd.Tests;

internal sealed class MemoryDevice(int size, bool readOnly = false) : INbdDevice
{
    public byte[] Data { get; } = new byte[size];

    public byte[] Durable { get; } = new byte[size];

    public bool Fails { get; set; }

    /// <summary>Requests wait for it: to see what happens while they are open.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Reads and writes of each group, in order.</summary>
    public List<int> Groups { get; } = [];

    /// <summary>What ends is told of by whoever runs what is <see cref="Deferred"/>.</summary>
    public bool Defers { get; init; }

    public ConcurrentQueue<Action> Deferred { get; } = [];

    private bool _grouping;

    public long SizeBytes { get; set; } = size;

    public int BlockBytes => 512;

    public int PreferredBytes => 4096;

    public bool ReadOnly => readOnly;

    public bool Discards { get; init; }

    public int Discarded { get; private set; }

    public async ValueTask ReadAsync(long offset, Memory<byte> buffer)
    {
        if (_grouping) Groups[^1]++;
        await Gate.ConfigureAwait(false);
        if (Fails) throw new IOException("broken");
        Data.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
    }

    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> data)
    {
        if (_grouping) Groups[^1]++;
        await Gate.ConfigureAwait(false);
        if (Fails) throw new IOException("broken");
        data.CopyTo(Data.AsMemory((int)offset));
    }

    public ValueTask DiscardAsync(long offset, long length)
    {
        if (Fails) throw new IOException("broken");
        Data.AsSpan((int)offset, (int)length).Clear();
        Discarded++;
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync()
    {
        if (Fails) throw new IOException("broken");
        Data.CopyTo(Durable, 0);
        return ValueTask.CompletedTask;
    }

    public void BeginGroup()
    {
        Groups.Add(0);
        _grouping = true;
    }

    public void EndGroup() => _grouping = false;

    public bool TryDefer(Action action)
    {
        if (Defers) Deferred.Enqueue(action);
        return Defers;
    }
}
