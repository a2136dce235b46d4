namespace Godwit.Api;

/// <summary>Every route of the API, as the daemon maps it and as the client asks for it.</summary>
public static class ApiRoutes
{
    public const string OpenApi = "/openapi/v1.json";

    public const string Host = "/v1/host";
    public const string HostFacts = "/v1/host/facts";
    public const string HostCheck = "/v1/host/check";
    public const string HostReach = "/v1/host/reach/{name}";
    public const string Hosts = "/v1/hosts";
    public const string HostsCheck = "/v1/hosts/check";

    public const string Domains = "/v1/domains";
    public const string Domain = "/v1/domains/{name}";
    public const string DomainVerb = "/v1/domains/{name}/{verb}";
    public const string DomainMemory = "/v1/domains/{name}/memory";
    public const string DomainVirtualCpus = "/v1/domains/{name}/vcpus";
    public const string DomainSave = "/v1/domains/{name}/save";
    public const string DomainRestore = "/v1/domains/{name}/restore";
    public const string DomainConsole = "/v1/domains/{name}/console";
    public const string DomainTakeOver = "/v1/domains/{name}/take-over";
    public const string DomainMigrations = "/v1/domains/{name}/migrations";

    public const string Migrations = "/v1/migrations";
    public const string Migration = "/v1/migrations/{id:guid}";
    public const string MigrationEvents = "/v1/migrations/{id:guid}/events";
    public const string MigrationCancel = "/v1/migrations/{id:guid}/cancel";

    public const string Volumes = "/v1/volumes";
    public const string Volume = "/v1/volumes/{group}/{volume}";
    public const string VolumeResize = "/v1/volumes/{group}/{volume}/resize";
    public const string VolumeCopies = "/v1/volumes/{group}/{volume}/copies";
    public const string VolumeExport = "/v1/volumes/{group}/{volume}/export";
    public const string VolumeGrown = "/v1/volumes/{group}/{volume}/grown";
    public const string VolumeGroups = "/v1/volume-groups";
    public const string VolumeGroup = "/v1/volume-groups/{group}";
    public const string DiskCheck = "/v1/disk-check";
    public const string VolumeAdmit = "/v1/volumes/{group}/{volume}/admit";
    public const string VolumeFence = "/v1/volumes/{group}/{volume}/fence";
    public const string VolumeRelease = "/v1/volumes/{group}/{volume}/release";
    public const string VolumeReturn = "/v1/volumes/{group}/{volume}/return";
    public const string VolumeForget = "/v1/volumes/{group}/{volume}/forget";
    public const string VolumeShared = "/v1/volumes/{group}/{volume}/shared";
    public const string GroupOrders = "/v1/volume-groups/{group}/orders";
    public const string VolumeProbe = "/v1/volumes/{group}/{volume}/probe";

    public const string Images = "/v1/images";
    public const string Image = "/v1/images/{image}";
    public const string ImageContent = "/v1/images/{image}/content";
    public const string ImageVolumes = "/v1/images/{image}/volumes";
    public const string ImageDomains = "/v1/images/{image}/domains";

    public const string Jobs = "/v1/jobs";
    public const string Job = "/v1/jobs/{id:guid}";
    public const string JobEvents = "/v1/jobs/{id:guid}/events";
    public const string JobCancel = "/v1/jobs/{id:guid}/cancel";

    public const string Pool = "/v1/pool";
    public const string PoolReady = "/v1/pool/ready";
    public const string PoolInit = "/v1/pool/init";
    public const string PoolTokens = "/v1/pool/tokens";
    public const string PoolJoin = "/v1/pool/join";
    public const string PoolMembers = "/v1/pool/members";
    public const string PoolExcuse = "/v1/pool/excuse/{name}";

    public const string RegistryDomains = "/v1/registry/domains";
    public const string RegistryDomain = "/v1/registry/domains/{name}";
    public const string RegistryHosts = "/v1/registry/hosts";
    public const string RegistryHost = "/v1/registry/hosts/{name}";
    public const string RegistryVolumes = "/v1/registry/volumes";
    public const string RegistryVolume = "/v1/registry/volumes/{group}/{volume}";
    public const string RegistryEpochs = "/v1/registry/epochs";
    public const string RegistryReports = "/v1/registry/reports";
    public const string RegistryProbe = "/v1/registry/probe";

    /// <summary>Query that keeps an answer to what the asked host itself has.</summary>
    public const string HostScope = "scope=host";

    /// <summary>A template with its parameters filled in, in the order in which they stand there.</summary>
    public static string Fill(string template, params ReadOnlySpan<string> values)
    {
        var path = new System.Text.StringBuilder();
        var next = 0;
        foreach (var part in template.Split('/', StringSplitOptions.RemoveEmptyEntries))
            path.Append('/').Append(part[0] == '{' ? Uri.EscapeDataString(values[next++]) : part);
        return path.ToString();
    }
}

/// <summary>Header fields of Godwit's own.</summary>
public static class ApiHeaders
{
    /// <summary>Name of the host of the pool that the request is for; the asked daemon hands it on.</summary>
    public const string TargetHost = "Godwit-Host";

    /// <summary>Set on a list that was made without the registry: what is known of that, escaped as in a URI.</summary>
    public const string RegistryAway = "Godwit-Registry-Away";

    /// <summary>Set by a daemon that hands a request on: for whom it does, as <c>USER@HOST</c>.</summary>
    public const string OnBehalfOf = "Godwit-For";
}
