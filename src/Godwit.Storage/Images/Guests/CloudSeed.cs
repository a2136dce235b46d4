using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Godwit.Domains;

namespace Godwit.Storage.Images.Guests;

/// <summary>
/// The second disk from which cloud-init learns, at the first boot, who the guest is (its data source NoCloud): a FAT
/// file system with the label CIDATA and three files. They are JSON, which is YAML as well and leaves nothing to quote.
/// </summary>
public static class CloudSeed
{
    /// <summary>Room for it: the least that all kinds of volumes have.</summary>
    public const long SizeBytes = 4L << 20;

    private const string Label = "CIDATA";

    /// <summary>Writes the seed to a file or device.</summary>
    public static async Task WriteAsync(string volume, GuestIdentity identity, MacAddress? mac, Guid instance, CancellationToken ct)
    {
        // Without a partition table, which a kernel might find a partition in.
        await RunAsync("dosfstools", ["mkfs.vfat", "-I", "--mbr=no", "-n", Label, volume], ct).ConfigureAwait(false);
        List<(string Name, string Content)> files =
        [
            ("meta-data", MetaData(identity, instance)),
            ("user-data", UserData(identity)),
            .. mac is { } address ? [("network-config", NetworkConfig(identity, address))] : Array.Empty<(string, string)>(),
        ];
        foreach (var (name, content) in files)
        {
            var local = Path.GetTempFileName();
            try
            {
                await File.WriteAllTextAsync(local, content, ct).ConfigureAwait(false);
                await RunAsync("mtools", ["mcopy", "-o", "-i", volume, local, "::" + name], ct).ConfigureAwait(false);
            }
            finally
            {
                File.Delete(local);
            }
        }
    }

    internal static string MetaData(GuestIdentity identity, Guid instance) => Json(json =>
    {
        json.WriteString("instance-id", instance.ToString());
        json.WriteString("local-hostname", identity.HostName);
    });

    internal static string UserData(GuestIdentity identity) => "#cloud-config\n" + Json(json =>
    {
        json.WriteString("hostname", identity.HostName);
        json.WriteBoolean("manage_etc_hosts", true);
        json.WriteBoolean("disable_root", false);
        // The same as guests of built images have; those of RSA take an emulated processor long to find.
        json.WriteStartArray("ssh_genkeytypes");
        foreach (var type in HostKeys.Types)
            json.WriteStringValue(type);
        json.WriteEndArray();
        if (!identity.SshKeys.IsEmpty)
        {
            json.WriteStartArray("users");
            json.WriteStartObject();
            json.WriteString("name", "root");
            json.WriteStartArray("ssh_authorized_keys");
            foreach (var key in identity.SshKeys)
                json.WriteStringValue(key);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
        }
        if (identity.PasswordHash is not { } hash)
            return;
        json.WriteStartObject("chpasswd");
        json.WriteBoolean("expire", false);
        json.WriteStartArray("users");
        json.WriteStartObject();
        json.WriteString("name", "root");
        json.WriteString("password", hash);
        json.WriteString("type", "hash");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>cloud-init's network configuration, version 2.</summary>
    internal static string NetworkConfig(GuestIdentity identity, MacAddress mac) => Json(json =>
    {
        json.WriteNumber("version", 2);
        json.WriteStartObject("ethernets");
        json.WriteStartObject("first");
        json.WriteStartObject("match");
        json.WriteString("macaddress", mac.ToString());
        json.WriteEndObject();
        if (identity.Address is { } address)
        {
            json.WriteStartArray("addresses");
            json.WriteStringValue(address);
            json.WriteEndArray();
        }
        else
        {
            json.WriteBoolean("dhcp4", true);
        }
        if (identity.Gateway is { } gateway)
        {
            json.WriteStartArray("routes");
            json.WriteStartObject();
            json.WriteString("to", gateway.Contains(':', StringComparison.Ordinal) ? "::/0" : "0.0.0.0/0");
            json.WriteString("via", gateway);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        if (!identity.NameServers.IsEmpty)
        {
            json.WriteStartObject("nameservers");
            json.WriteStartArray("addresses");
            foreach (var server in identity.NameServers)
                json.WriteStringValue(server);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static Task<string> RunAsync(string package, string[] arguments, CancellationToken ct) => ImagePrograms.RunAsync(
        package, arguments, said => new GodwitException("no-seed", $"The volume for cloud-init cannot be written: {said}"), null, ct);
}
