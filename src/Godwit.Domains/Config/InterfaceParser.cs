using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Godwit.Domains.Config;

/// <summary>One entry of <c>vif</c>, as in xl-network-configuration(5): <c>KEY=VALUE</c>, separated by commas.</summary>
internal static partial class InterfaceParser
{
    private static readonly string[] s_names =
        ["mac", "bridge", "ip", "model", "type", "mtu", "script", "vifname", "rate", "gatewaydev", "netdev", "backend", "trusted", "devid"];

    public static InterfaceSpec? Parse(Value.Text text, List<Diagnostic> diagnostics)
    {
        var nic = new InterfaceSpec { Mac = default };
        foreach (var part in text.String.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = part.Split('=', 2, StringSplitOptions.TrimEntries) is [var n, var v] ? (n, v) : (part, null);
            var (next, failure) = Set(nic, name, value);
            if (failure is not null)
            {
                diagnostics.Add(new Diagnostic(Severity.Error, failure, text.Span,
                    "write 'mac=aa:cc:00:00:00:01, bridge=xenbr0', or see xl-network-configuration(5)"));
                return null;
            }
            nic = next;
        }
        return nic;
    }

    private static (InterfaceSpec Nic, string? Failure) Set(InterfaceSpec nic, string name, string? value)
    {
        if (!s_names.Contains(name))
        {
            return (nic, Nearest.To(name, s_names) is { } near
                ? $"'{name}' is not a property of an interface; did you mean {near}?"
                : $"'{name}' is not a property of an interface");
        }
        if (string.IsNullOrEmpty(value))
            return (nic, $"{name} has no value");
        switch (name)
        {
            case "mac":
                if (!MacAddress.TryParse(value, null, out var mac))
                    return (nic, $"'{value}' is not an Ethernet address");
                return (mac.Value >> 40 & 1) == 0
                    ? (nic with { Mac = mac }, null)
                    : (nic, $"{value} is a group address; an interface needs one whose first byte is even");
            case "bridge":
                return InterfaceName().IsMatch(value)
                    ? (nic with { Bridge = value }, null)
                    : (nic, $"'{value}' cannot be the name of a bridge (at most 15 characters)");
            case "ip":
                var addresses = value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Split('/')[0]).ToImmutableArray();
                return addresses.All(IsAddress)
                    ? (nic with { Addresses = addresses }, null)
                    : (nic, $"'{value}' is not an IP address");
            case "mtu":
                return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var mtu) && mtu is >= 68 and <= 65535
                    ? (nic with { Mtu = mtu }, null)
                    : (nic, $"'{value}' is not an MTU; it is between 68 and 65535 bytes");
            case "model":
                return (nic with { Model = value }, null);
            default:
                // Known to xl; the driver has its own way.
                return (nic, null);
        }
    }

    // IPAddress takes more than xl: 10.1 for 10.0.0.1, octal numbers, and scopes, brackets and ports of IPv6.
    private static bool IsAddress(string text) => System.Net.IPAddress.TryParse(text, out var address)
        && (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? address.ToString() == text
            : text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.'));

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,14}\z", RegexOptions.CultureInvariant)]
    private static partial Regex InterfaceName();
}
