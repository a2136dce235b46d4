namespace Godwit.Storage.Images;

/// <summary>What a domain boots from: a kernel with its ramdisk, and a root file system to be copied to a volume.</summary>
public sealed record GuestImage
{
    /// <summary><c>debian</c> or <c>tiny</c>.</summary>
    public required string Name { get; init; }

    public required string KernelPath { get; init; }

    public required string RamdiskPath { get; init; }

    /// <summary>Sparse file that holds an ext4 file system with the label <c>root</c>, without a partition table.</summary>
    public required string RootFilesystemPath { get; init; }

    /// <summary>A static busybox, which also runs on this machine.</summary>
    public required string BusyboxPath { get; init; }

    public const string RootUser = "root";
}

/// <summary>What makes one domain's root file system different from that of others of the same image.</summary>
public sealed record GuestCustomization
{
    public required string HostName { get; init; }

    /// <summary>IPv4 address with the length of its prefix, such as <c>10.9.0.100/24</c>.</summary>
    public required string Address { get; init; }

    public string? Gateway { get; init; }

    /// <summary>Password of root; null takes the one of this machine's root, as the article does.</summary>
    public string? Password { get; init; }

    /// <summary>Empty files to make, by their absolute paths: switches of services such as the demo's writer.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];
}

/// <summary>A program that runs in the guest from its boot on.</summary>
/// <param name="Name">Name of the program, installed in /usr/sbin.</param>
/// <param name="Source">C source, compiled to a static program.</param>
/// <param name="Condition">It is started only where this file exists.</param>
public sealed record GuestService(string Name, string Source, string Condition);
