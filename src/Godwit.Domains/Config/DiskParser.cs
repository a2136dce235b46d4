using System.Text.RegularExpressions;

namespace Godwit.Domains.Config;

/// <summary>
/// One entry of <c>disk</c>. The old form <c>phy:TARGET,VDEV,ACCESS</c> is told by its prefix; all else is that of
/// xl-disk-configuration(5): <c>TARGET,FORMAT,VDEV,ACCESS</c>, any of them by name, <c>target=</c> taking the rest.
/// </summary>
internal static partial class DiskParser
{
    private static readonly string[] s_names =
        ["target", "format", "vdev", "access", "devtype", "backendtype", "backend", "script", "direct-io-safe", "discard", "no-discard", "cdrom"];

    public static DiskSpec? Parse(Value.Text text, List<Diagnostic> diagnostics)
    {
        var entry = new Entry();
        var failure = Prefix().Match(text.String) is { Success: true } prefix
            ? entry.ReadOld(prefix.Groups[1].Value, text.String[prefix.Length..])
            : entry.ReadNew(text.String);
        failure ??= entry.Check();
        if (failure is null)
            return entry.ToSpec();
        diagnostics.Add(new Diagnostic(Severity.Error, failure, text.Span,
            "write 'phy:group/volume,xvda,w', or see xl-disk-configuration(5)"));
        return null;
    }

    private sealed class Entry
    {
        private string? _target;
        private string? _format;
        private string? _vdev;
        private string? _access;
        private string? _backend;
        private bool _cdrom;

        public string? ReadOld(string prefix, string rest)
        {
            // tap:aio:PATH and tap2:qcow2:PATH
            var kinds = prefix.Split(':');
            _backend = kinds[0] == "phy" ? "phy" : "file";
            _format = kinds[^1] is "phy" or "file" or "aio" or "sync" ? "raw" : kinds[^1];
            var parts = rest.Split(',');
            if (parts.Length is < 2 or > 3)
                return "a disk in this form is PREFIX:TARGET,DEVICE,ACCESS";
            (_target, _vdev, _access) = (parts[0].Trim(), parts[1].Trim(), parts.Length > 2 ? parts[2].Trim() : "w");
            if (_vdev.StartsWith("ioemu:", StringComparison.Ordinal))
                _vdev = _vdev["ioemu:".Length..];
            if (_vdev.EndsWith(":cdrom", StringComparison.Ordinal))
                (_vdev, _cdrom) = (_vdev[..^6], true);
            return null;
        }

        public string? ReadNew(string text)
        {
            var (rest, position) = (text, 0);
            while (rest.Length > 0)
            {
                if (rest.TrimStart().StartsWith("target=", StringComparison.Ordinal))
                {
                    _target = rest.TrimStart()["target=".Length..].Trim();
                    return null;
                }
                var comma = rest.IndexOf(',', StringComparison.Ordinal);
                var part = (comma < 0 ? rest : rest[..comma]).Trim();
                rest = comma < 0 ? "" : rest[(comma + 1)..];
                var failure = part.Split('=', 2) is [var name, var value] && position > 0 | !name.Contains('/', StringComparison.Ordinal)
                    ? Named(name.Trim(), value.Trim())
                    : part is "cdrom" or "direct-io-safe" or "discard" or "no-discard" ? Flag(part)
                    : Positional(position++, part);
                if (failure is not null)
                    return failure;
            }
            return null;
        }

        public string? Check()
        {
            if (string.IsNullOrEmpty(_target))
                return "the disk has no target";
            if (_target.Any(char.IsControl))
                return "the disk's target has a control character in it";
            if (NetworkDisk.IsMeant(_target))
            {
                if (!NetworkDisk.TryParse(_target, out _, out var problem))
                    return $"'{_target}': {problem}";
                if (_format == "qcow2")
                    return $"{_target} is raw: over the network it has no format of its own";
            }
            if (string.IsNullOrEmpty(_vdev))
                return "the disk has no name for the guest (vdev)";
            if (!VirtualDevice().IsMatch(_vdev))
                return $"'{_vdev}' is not the name of a disk in a guest, such as xvda, sda, hda or hda1";
            if (_format is not (null or "" or "raw" or "qcow2"))
                return $"the format '{_format}' is not supported; it is raw or qcow2";
            if (_access is not (null or "" or "w" or "rw" or "r" or "ro" or "w!"))
                return $"'{_access}' is not an access; it is rw or ro";
            return _backend is null or "phy" or "file" or "tap" or "tap2" or "qdisk" ? null : $"'{_backend}' is not a backend type; it is phy, tap or qdisk";
        }

        public DiskSpec ToSpec()
        {
            var target = _target!;
            // A volume is named group/volume; a file always by an absolute path.
            var block = _backend == "phy" || NetworkDisk.IsMeant(target)
                || (_backend is null && _format is null or "" or "raw" && (!target.StartsWith('/') || target.StartsWith("/dev/", StringComparison.Ordinal)));
            return new DiskSpec
            {
                Target = target,
                Backend = block ? DiskBackend.Block : DiskBackend.File,
                VirtualDevice = _vdev!,
                Format = _format == "qcow2" ? DiskFormat.Qcow2 : DiskFormat.Raw,
                ReadOnly = _access is "r" or "ro" || _cdrom,
                IsCdrom = _cdrom,
            };
        }

        private string? Named(string name, string value)
        {
            switch (name)
            {
                case "format": _format = value; return null;
                case "vdev": _vdev = value; return null;
                case "access": _access = value; return null;
                case "backendtype": _backend = value; return null;
                case "devtype": _cdrom = value == "cdrom"; return value is "cdrom" or "disk" ? null : $"'{value}' is not a devtype; it is disk or cdrom";
                case "script" or "backend": return null;
                default:
                    return Nearest.To(name, s_names) is { } near
                        ? $"'{name}' is not a property of a disk; did you mean {near}?"
                        : $"'{name}' is not a property of a disk";
            }
        }

        private string? Flag(string flag)
        {
            _cdrom |= flag == "cdrom";
            return null;
        }

        private string? Positional(int position, string value)
        {
            switch (position)
            {
                case 0: _target = value; return null;
                case 1: _format = value; return null;
                case 2: _vdev = value; return null;
                case 3: _access = value; return null;
                default: return $"'{value}' is one value too many for a disk";
            }
        }
    }

    [GeneratedRegex(@"\A(phy|file|tap2?:(?:tapdisk:)?(?:aio|qcow2?|vhd|ram|vmdk|sync))\s*:\s*", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();

    [GeneratedRegex(@"\A((xvd|sd|hd|vd)[a-z]{1,2}\d{0,3}|d\d+(p\d+)?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex VirtualDevice();
}
