using Godwit.Api;
using Godwit.Daemon.Jobs;
using Godwit.Daemon.Roles;
using Godwit.Domains;
using Godwit.Storage.Images;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Volumes;

/// <summary>
/// Begins long work on the volumes of this host. A name or format that is none is refused at once; what the storage refuses is the
/// end of the job. The subject of each job is the volume to look at afterwards.
/// </summary>
internal sealed class VolumeJobs(JobTable jobs, VolumeSlot volumes)
{
    public const string ResizeKind = "volume-resize", CopyKind = "volume-copy", ExportKind = "volume-export";

    public async Task<Job> ResizeAsync(VolumeName name, ResizeVolumeRequest request, CancellationToken cancellationToken)
    {
        var host = await volumes.GetAsync(cancellationToken);
        return jobs.Begin(ResizeKind, name.ToString(), async (progress, token) =>
        {
            var resized = await host.ResizeAsync(
                name, request.SizeBytes, request.Shrink, new BytesOfStep(progress, "clearing new room"), token);
            return new JobOutcome([name.ToString()], resized.Untold);
        });
    }

    public async Task<Job> CopyAsync(VolumeName source, CopyVolumeRequest request, CancellationToken cancellationToken)
    {
        var target = VolumeName.Parse(request.Name);
        var host = await volumes.GetAsync(cancellationToken);
        return jobs.Begin(CopyKind, target.ToString(), async (progress, token) =>
        {
            await host.CopyAsync(source, target, request.SizeBytes, new BytesOfStep(progress, $"copying {source}"), token);
            return new JobOutcome([target.ToString()], []);
        });
    }

    public async Task<Job> ExportAsync(VolumeName name, ExportVolumeRequest request, CancellationToken cancellationToken)
    {
        var format = Format(request.Format);
        var host = await volumes.GetAsync(cancellationToken);
        return jobs.Begin(ExportKind, name.ToString(), async (progress, token) =>
        {
            await host.WriteAsync(name, request.File, format, new BytesOfStep(progress, $"writing {request.File}"), token);
            return new JobOutcome([request.File], []);
        });
    }

    private static ImageFormat Format(string text) => text switch
    {
        "raw" => ImageFormat.Raw,
        "qcow2" => ImageFormat.Qcow2,
        _ => throw new GodwitException("bad-format", $"There is no format '{text}' to write a volume in.", "Use raw or qcow2."),
    };
}
