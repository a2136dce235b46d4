using System.Collections.Immutable;
using System.Net;
using Godwit.Api;
using Godwit.Lab;
using Godwit.Lab.Measure;
using Godwit.Native.Processes;
using Godwit.Storage.Images;
using Godwit.Storage.Images.Guests;

namespace Godwit.Faults;

/// <summary>A pool of three hosts with one domain, whose guest's writer is listened to from the switch.</summary>
internal sealed class FaultLab
{
    public const string Domain = "vm1";
    public const string Storage = LabDomain.Storage;
    public static readonly ImmutableArray<string> Computes = ["resource-1", "resource-2"];
    public const string GuestAddress = "10.9.0.100";
    private static readonly LabDomain s_domain = new(Domain, "vg_xen/lv_vm1", GuestAddress);
    private const long VolumeBytes = 256L << 20;

    /// <summary>Milliseconds between two lines: several labs share the processors.</summary>
    private const int WriterPauseMs = 50;

    private FaultLab(Lab.Lab lab) => Lab = lab;

    public Lab.Lab Lab { get; }

    public string VolumePath => s_domain.PathOf(Lab);

    public static async Task<FaultLab> UpAsync(string name, string programs, CancellationToken ct)
    {
        await Godwit.Lab.Lab.DownAsync(name, ct);
        var lab = await Godwit.Lab.Lab.UpAsync(
            LabSpec.WithResources(2, name) with { ProgramDirectory = programs, Failpoints = true }, null, ct);
        // A place that no fault switches off, from which the guest is reached. Its hardware address is given: left
        // alone it changes with the hosts' plugs.
        foreach (var change in (string[][])[["link", "set", "lan", "address", "02:67:00:00:00:01"], ["address", "add", "10.9.0.1/24", "dev", "lan"]])
            await ProgramRunner.RunAsync(["ip", "-n", lab.Paths.SwitchNamespace, .. change], null, ct);
        foreach (var host in lab.Spec.Hosts)
            Directory.CreateDirectory(lab.Paths.Failpoints(host.Name));
        await s_domain.CreateAsync(
            lab, Computes[0], VolumeBytes, (volume, token) => Ext4Files.WriteAsync(volume, [new GuestFile(LabGuest.WriterFlag, $"{WriterPauseMs}\n")], token), ct);
        return new FaultLab(lab);
    }

    public GodwitClient Client(string host) => GodwitClient.OverSocket(Lab.Paths.Socket(host));

    /// <summary>The guest's writer; an error when nobody listens there now.</summary>
    public Task<WriterConnection> OpenWriterAsync(CancellationToken ct) =>
        WriterConnection.OpenAsync(Lab.Paths.SwitchNamespace, IPAddress.Parse(GuestAddress), ct);

    public static string Other(string host) => Computes.Single(name => name != host);

    public ImmutableArray<LabProcess> Daemons(string host) => [.. Lab.Processes(host).Where(p => p.Program == "godwitd")];

    public ImmutableArray<LabProcess> Engines(string host) =>
        [.. Lab.Processes(host).Where(p => p.Program.StartsWith("qemu-system-", StringComparison.Ordinal))];

    /// <param name="host">Where it runs.</param>
    /// <param name="command"><c>export</c> or <c>attach</c>.</param>
    public ImmutableArray<LabProcess> AoeTools(string host, string command) =>
        [.. Lab.Processes(host).Where(p => p.Program == "godwit-aoe" && p.Arguments.Contains(command))];
}
