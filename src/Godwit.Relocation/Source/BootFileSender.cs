using System.Buffers;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Source;

/// <summary>Carries a kernel or ramdisk to a destination that does not have it.</summary>
internal static class BootFileSender
{
    private const int BlockLength = 256 * 1024;

    public static async Task SendAsync(ISourceSite site, IRelocationChannel channel, string digest, CancellationToken cancellationToken)
    {
        await using var file = await site.OpenBootFileAsync(digest, cancellationToken);
        await channel.SendAsync(new RelocationMessage.BootFile(digest, file.Length), cancellationToken);
        var block = ArrayPool<byte>.Shared.Rent(BlockLength);
        try
        {
            int read;
            while ((read = await file.ReadAsync(block.AsMemory(0, BlockLength), cancellationToken)) > 0)
                await channel.SendAsync(new RelocationMessage.FileBytes(block.AsMemory(0, read)), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
