using System.Net;
using Godwit.Api;

namespace Godwit.Cli.Jobs;

/// <summary>A file on its way to a daemon, and how far it has come.</summary>
internal sealed class UploadContent(FileStream file, TimeProvider time) : HttpContent
{
    private const int BlockBytes = 1 << 20;
    private readonly long _began = time.GetTimestamp();
    private long _sent;

    public JobEvent Now
    {
        get
        {
            var share = file.Length == 0 ? 1 : (double)Interlocked.Read(ref _sent) / file.Length;
            return new JobEvent
            {
                Step = "sending the file",
                Share = share,
                ExpectedSeconds = share < 0.02 ? null : time.GetElapsedTime(_began).TotalSeconds * (1 - share) / share,
            };
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var block = new byte[BlockBytes];
        for (int read; (read = await file.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            await stream.WriteAsync(block.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            Interlocked.Add(ref _sent, read);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = file.Length;
        return true;
    }
}
