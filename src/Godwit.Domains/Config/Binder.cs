using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Godwit.Domains.Config;

/// <summary>Gives the settings of a file their meaning.</summary>
/// <param name="settings">The settings.</param>
/// <param name="referred">Names that others refer to: variables of the file's own, if they are no settings.</param>
/// <param name="diagnostics">Takes what is wrong.</param>
internal sealed partial class Binder(
    IReadOnlyList<(string Name, Span NameSpan, Value Value)> settings, IReadOnlySet<string> referred, List<Diagnostic> diagnostics)
{
    /// <summary>Nobody reads that many hints.</summary>
    private const int MostHints = 50;
    private const int MostMemory = 16 << 20;
    private const int MostCpus = 512;
    private const int MostDevices = 64;

    private readonly Settings _settings = new(settings, diagnostics);
    private readonly ImmutableDictionary<string, Span>.Builder _places = ImmutableDictionary.CreateBuilder<string, Span>(StringComparer.Ordinal);

    public (DomainSpec? Spec, ImmutableDictionary<string, Span> Places) Bind()
    {
        foreach (var (name, span, value) in settings)
        {
            _places[name] = value.Span;
            JudgeKey(name, span);
        }
        var domain = Name();
        var maxMemory = _settings.Number("maxmem", DomainSpec.LeastMemoryMiB, MostMemory, " of MiB");
        var memory = Memory(maxMemory);
        var uuid = Uuid();
        var disks = Devices("disk", text => DiskParser.Parse(text, diagnostics));
        var interfaces = Devices("vif", text => InterfaceParser.Parse(text, diagnostics));
        var (cpus, maxCpus) = Processors();
        SameTwice(disks);
        var spec = new DomainSpec
        {
            Name = domain ?? "",
            Uuid = uuid,
            GuestType = Type(),
            MemoryMiB = memory ?? 0,
            MaxMemoryMiB = Math.Max(memory ?? 0, maxMemory ?? 0),
            VirtualCpus = cpus,
            MaxVirtualCpus = maxCpus,
            Kernel = Path("kernel"),
            Ramdisk = Path("ramdisk"),
            Root = _settings.Text("root"),
            CommandLine = string.Join(' ', new[] { _settings.Word("cmdline"), _settings.Word("extra") }.Where(s => !string.IsNullOrWhiteSpace(s))),
            Disks = disks,
            Interfaces = [.. interfaces.Select((nic, i) => nic.Mac == default ? nic with { Mac = GeneratedMac.For(domain ?? "", uuid, i) } : nic)],
            OnPowerOff = Action("on_poweroff", LifecycleAction.Destroy),
            OnReboot = Action("on_reboot", LifecycleAction.Restart),
            OnCrash = Action("on_crash", LifecycleAction.Destroy),
        };
        // A disk that could not be read may be the one that is named.
        if (disks.Length == _settings.Texts("disk", silent: true).Length)
            CheckRoot(spec);
        return (domain is null || memory is null ? null : spec, _places.ToImmutable());
    }

    private void JudgeKey(string name, Span span)
    {
        if (KnownKeys.Understood.Contains(name) || (referred.Contains(name) && !KnownKeys.Ignored.Contains(name)))
            return;
        if (KnownKeys.Ignored.Contains(name))
        {
            diagnostics.Add(new Diagnostic(Severity.Note, $"{name} means nothing here and is ignored", span));
            return;
        }
        var near = diagnostics.Count > MostHints ? null : Nearest.To(name, KnownKeys.All);
        diagnostics.Add(new Diagnostic(Severity.Warning, $"{name} is not a setting that is known; it is ignored", span,
            near is null ? null : $"did you mean {near}?"));
    }

    private string? Name()
    {
        if (_settings.Find("name") is not { } value)
            return Missing<string>("name", "name = \"vm1\"");
        var name = _settings.Text("name");
        if (name is null || DomainName().IsMatch(name))
            return name;
        return _settings.Wrong<string>(value, $"'{name}' cannot be the name of a domain",
            "use 1 to 64 letters, digits and . _ + -, beginning with a letter or digit");
    }

    private int? Memory(int? maxMemory) => _settings.Find("memory") is null && _settings.Find("maxmem") is null
        ? Missing<int?>("memory", "memory = 256")
        : _settings.Number("memory", DomainSpec.LeastMemoryMiB, MostMemory, " of MiB") ?? maxMemory;

    private Guid Uuid() => _settings.Text("uuid") is not { } text ? Guid.Empty
        : Guid.TryParse(text, out var uuid) ? uuid
        : _settings.Wrong<Guid>(_settings.Find("uuid")!, $"'{text}' is not a UUID", "write 8-4-4-4-12 hexadecimal digits, or leave it out");

    private string? Path(string name)
    {
        var path = _settings.Text(name);
        if (path is null || path.StartsWith('/'))
            return path;
        return _settings.Wrong<string>(_settings.Find(name)!, $"{name} is not an absolute path", $"write {name} = \"/boot/…\"");
    }

    private (int Count, int Most) Processors()
    {
        var count = _settings.Number("vcpus", 1, MostCpus, "") ?? 1;
        var most = _settings.Number("maxvcpus", 1, MostCpus, "") ?? 0;
        if (most > 0 && count > most)
        {
            _settings.Wrong<int>(_settings.Find("vcpus")!, $"vcpus = {count} is more than maxvcpus = {most}",
                $"write maxvcpus = {count}, or leave it out where the domain is to get no more while it runs");
        }
        return (count, most);
    }

    /// <summary>What is said by <c>type</c>, or by <c>builder</c> in its old way, which tells one kind from all others.</summary>
    private GuestType? Type()
    {
        var type = OneOf("type", ["pv", "pvh", "hvm"]);
        var builder = OneOf("builder", ["generic", "linux", "hvm"]);
        return (type, builder) switch
        {
            ("pv", _) => GuestType.Pv,
            ("pvh", _) => GuestType.Pvh,
            ("hvm", _) or (null, "hvm") => GuestType.Hvm,
            _ => null,
        };
    }

    private string? OneOf(string name, string[] known) => _settings.Text(name) switch
    {
        null => null,
        var given when known.Contains(given) => given,
        var given => _settings.Wrong<string>(_settings.Find(name)!, $"'{given}' is not a {name}", $"it is one of {string.Join(", ", known)}"),
    };

    private LifecycleAction Action(string name, LifecycleAction otherwise)
    {
        switch (_settings.Text(name))
        {
            case null: return otherwise;
            case "destroy": return LifecycleAction.Destroy;
            case "restart" or "rename-restart" or "soft-reset": return LifecycleAction.Restart;
            case "preserve" or "coredump-restart" or "coredump-destroy": return LifecycleAction.Preserve;
            case { } other:
                _settings.Wrong<string>(_settings.Find(name)!, $"'{other}' is not something to do {name.Replace('_', ' ')}",
                    Nearest.To(other, ["destroy", "restart", "preserve"]) is { } near ? $"did you mean {near}?" : "it is destroy, restart or preserve");
                return otherwise;
        }
    }

    private ImmutableArray<T> Devices<T>(string key, Func<Value.Text, T?> parse)
        where T : class
    {
        var texts = _settings.Texts(key);
        if (texts.Length > MostDevices)
        {
            diagnostics.Add(new Diagnostic(Severity.Error, $"{key} has {texts.Length} entries; at most {MostDevices} are possible", texts[MostDevices].Span));
            return [];
        }
        for (var i = 0; i < texts.Length; i++)
            _places[$"{key}[{i}]"] = texts[i].Span;
        return [.. texts.Select(parse).OfType<T>()];
    }

    private void SameTwice(ImmutableArray<DiskSpec> disks)
    {
        foreach (var twice in disks.GroupBy(d => d.VirtualDevice).Where(g => g.Count() > 1))
        {
            diagnostics.Add(new Diagnostic(Severity.Error, $"two disks are called {twice.Key}", _places["disk"],
                "give each its own name, as in xvda and xvdb"));
        }
    }

    private void CheckRoot(DomainSpec spec)
    {
        if (spec.Root is null || spec.Disks.IsEmpty || RootDevice.Map(spec.Root, spec.Disks, index => $"disk{index}") is not null)
            return;
        diagnostics.Add(new Diagnostic(Severity.Error, $"root names {spec.Root}, and there is no such disk", _places["root"],
            $"the disks are called {string.Join(", ", spec.Disks.Select(d => "/dev/" + d.VirtualDevice))}"));
    }

    private T? Missing<T>(string name, string example)
    {
        if (_settings.IsBroken(name))
            return default;
        diagnostics.Add(new Diagnostic(Severity.Error, $"{name} is not set", new Span(0, 1, 1, 1), $"add a line such as {example}"));
        return default;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._+-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex DomainName();
}
