using Godwit.Host.Create;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Destination;

namespace Godwit.Simulation.World;

/// <summary>Opens lines between hosts; the shipped codec speaks over them.</summary>
internal sealed class SimDialer(SimWorld world, SimHost from) : IRelocationDialer
{
    public async Task<IRelocationChannel> DialAsync(string host, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(1), world.Time, cancellationToken);
        var to = world.Host(host);
        if (!to.IsUp || world.AreSplit(from, to))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), world.Time, cancellationToken);
            throw new ChannelException($"{host} does not answer");
        }
        var line = world.Connect(from, to);
        _ = to.AskAsync(async domains =>
        {
            await domains.AcceptAsync(new StreamRelocationChannel(line.Far, from.Name), CancellationToken.None);
            return true;
        });
        return new StreamRelocationChannel(line.Near, host);
    }
}

/// <summary>The simulated domains boot from their disks.</summary>
internal sealed class NoBootFiles : IBootStore
{
    public Task<string> AddAsync(string path, CancellationToken cancellationToken) => throw new NotSupportedException(path);

    public string? Find(string digest) => null;

    public IBootFileSink Create(string digest, long length) => throw new NotSupportedException(digest);
}
