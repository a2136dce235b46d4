using Godwit.Daemon.Roles;
using Godwit.Relocation.Channel;

namespace Godwit.Daemon.Transport;

/// <summary>Leads channels of arriving domains to this host's domains; without the compute role it is shut.</summary>
internal sealed class RelocationDoor(ComputeSlot compute)
{
    public async Task AcceptAsync(IRelocationChannel channel, CancellationToken cancellationToken)
    {
        if (compute.Current is { } domains)
            await domains.AcceptAsync(channel, cancellationToken);
        else
            await channel.DisposeAsync();
    }
}
