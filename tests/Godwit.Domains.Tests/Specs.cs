using CsCheck;
using Godwit.Domains.Config;

namespace Godwit.Domains.Tests;

/// <summary>Specifications for tests: random ones, and comparing two of them.</summary>
internal static class Specs
{
    private static readonly Gen<string> s_word = Gen.String[Gen.Char["abcxyz019"], 1, 8];

    // Everything that a quoted string has to carry, but blanks at its ends, which a configuration does not keep.
    private static readonly Gen<string> s_text = Gen.String[Gen.Char["ab =,[]'\"\\#\n\t\r%äx0"], 0, 20].Select(s => $"<{s}>");

    private static readonly Gen<string> s_path = Gen.String[Gen.Char["ab =,'\"\\#-/"], 0, 12].Select(s => $"/{s}/x");

    private static readonly Gen<string?> s_pathOrNone = Gen.OneOf(Gen.Const((string?)null), s_path.Select(p => (string?)p));

    private static readonly Gen<LifecycleAction> s_action = Gen.Enum<LifecycleAction>();

    private static readonly Gen<DiskSpec> s_disk =
        from target in Gen.OneOf(s_path, s_word.Select(w => $"vg_xen/{w}"))
        from backend in Gen.Enum<DiskBackend>()
        from format in Gen.Enum<DiskFormat>()
        from cdrom in Gen.Bool
        from readOnly in Gen.Bool
        select new DiskSpec
        {
            Target = target,
            Backend = backend,
            Format = format,
            IsCdrom = cdrom,
            ReadOnly = readOnly || cdrom,
            VirtualDevice = "",
        };

    private static readonly string[] s_addresses = ["10.1.2.3", "192.168.0.1", "fe80::1", "2001:db8::2:3"];

    private static readonly Gen<InterfaceSpec> s_interface =
        // The lowest bit of the first byte is that of groups; the address 0 stands for none.
        from mac in Gen.ULong[1, (1UL << 48) - 1].Select(v => (v & ~(1UL << 40)) | 1)
        from bridge in s_word
        from addresses in Gen.Int[0, s_addresses.Length - 1].Select(i => s_addresses[i]).Array[0, 3]
        from mtu in Gen.OneOf(Gen.Const((int?)null), Gen.Int[68, 65535].Select(m => (int?)m))
        from model in Gen.OneOf(Gen.Const((string?)null), s_word.Select(w => (string?)w))
        select new InterfaceSpec { Mac = new MacAddress(mac), Bridge = bridge, Addresses = [.. addresses], Mtu = mtu, Model = model };

    public static Gen<DomainSpec> Any { get; } =
        from name in s_word
        from uuid in Gen.OneOf(Gen.Const(Guid.Empty), Gen.Guid)
        from memory in Gen.Int[4, 16 << 20]
        from more in Gen.Int[0, 1000]
        from cpus in Gen.Int[1, 512]
        from moreCpus in Gen.Int[0, 3]
        from type in Gen.OneOf(Gen.Const((GuestType?)null), Gen.Enum<GuestType>().Select(t => (GuestType?)t))
        from kernel in s_pathOrNone
        from ramdisk in s_pathOrNone
        from commandLine in Gen.OneOf(Gen.Const(""), s_text)
        from disks in s_disk.Array[0, 5]
        from interfaces in s_interface.Array[0, 4]
        from actions in Gen.Select(s_action, s_action, s_action)
        from rooted in Gen.Bool
        select new DomainSpec
        {
            Name = name,
            Uuid = uuid,
            MemoryMiB = memory,
            MaxMemoryMiB = Math.Min(memory + more, 16 << 20),
            VirtualCpus = cpus,
            MaxVirtualCpus = Math.Min(cpus + moreCpus, 512),
            GuestType = type,
            Kernel = kernel,
            Ramdisk = ramdisk,
            Root = rooted ? "/dev/xvda1 ro" : null,
            CommandLine = commandLine,
            Disks = [.. disks.Select((disk, i) => disk with { VirtualDevice = $"xvd{(char)('a' + i)}" })],
            Interfaces = [.. interfaces],
            OnPowerOff = actions.Item1,
            OnReboot = actions.Item2,
            OnCrash = actions.Item3,
        };

    public static string Article { get; } = new StreamReader(
        typeof(Specs).Assembly.GetManifestResourceStream("article.cfg")!).ReadToEnd();

    /// <summary>The specification of a text in which nothing is wrong.</summary>
    public static DomainSpec Read(string text)
    {
        var result = ConfigReader.Read(text, "vm1");
        Assert.Empty(result.Diagnostics);
        return result.Spec!;
    }

    /// <summary>What a text with the required settings is told besides.</summary>
    public static string[] Complaints(string text) => Complaints(text, Severity.Error);

    public static string[] Complaints(string text, Severity severity) =>
        [.. ConfigReader.Read(text, "vm1").Diagnostics.Where(d => d.Severity == severity)
            .Select(d => $"{d.Span.Line}:{d.Span.Column}+{d.Span.Length} {d.Message}")];

    /// <summary>Compares member by member: two arrays are the same to a record only when they are one.</summary>
    public static void Same(DomainSpec expected, DomainSpec actual)
    {
        Assert.Equal(expected.Disks.AsEnumerable(), actual.Disks.AsEnumerable());
        Assert.Equal(expected.Interfaces.Length, actual.Interfaces.Length);
        foreach (var (one, other) in expected.Interfaces.Zip(actual.Interfaces))
        {
            Assert.Equal(one.Addresses.AsEnumerable(), other.Addresses.AsEnumerable());
            Assert.Equal(one with { Addresses = [] }, other with { Addresses = [] });
        }
        Assert.Equal(Rest(expected), Rest(actual));

        // A bound that is not given and one that says the same are one.
        static DomainSpec Rest(DomainSpec spec) => spec with
        {
            Disks = [], Interfaces = [], MaxMemoryMiB = spec.MaxMemoryMiB, MaxVirtualCpus = spec.MaxVirtualCpus,
        };
    }
}
