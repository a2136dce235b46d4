using System.Text;
using System.Text.RegularExpressions;
using Godwit.Api;
using Godwit.Domains.Config;
using Godwit.Native.Processes;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>
/// From an image to a login prompt, by the commands that a person types: a domain of an image that was built, and one of
/// an image that was imported, which boot side by side and then move.
/// </summary>
[Collection("lab")]
public sealed partial class ImageTests
{
    private const string Name = "gwimage";
    private const string Password = "from image to prompt";
    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(600);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DomainsOfImagesBootLogInAnswerAtTheirAddressesAndMove()
    {
        Programs.Demand();
        await Lab.DownAsync(Name);
        var work = Directory.CreateTempSubdirectory("gwimage-").FullName;
        try
        {
            var lab = await Lab.UpAsync(LabSpec.WithResources(2, Name) with { ProgramDirectory = Programs.Directory }, ct: Token);
            await LabImages.PlaceAsync(lab, "storage", Token);
            var key = Path.Combine(work, "key");
            await ProgramRunner.RunAsync(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], ct: Token);
            var password = Path.Combine(work, "password");
            await File.WriteAllTextAsync(password, Password + "\n", Token);

            // As whoever makes cloud images would hand it out.
            var cloud = Path.Combine(work, "cloud.qcow2");
            await ProgramRunner.RunAsync(
                ["qemu-img", "convert", "-O", "qcow2", Path.Combine(await LabImages.GetAsync(Token), "disk.raw"), cloud], ct: Token);
            var imported = await CliAsync(lab, "resource-1", "image", "import", cloud);
            Assert.Contains((await ProgramRunner.RunAsync(["sha256sum", cloud], ct: Token)).Split(' ')[0], imported, StringComparison.Ordinal);
            Assert.Matches(@"(?s)cloud .*qcow2 file.*debian .*Debian bookworm", await CliAsync(lab, "resource-2", "image", "list"));

            string[] common = ["--memory", "384", "--ssh-key", key + ".pub", "--password-file", password];
            var built = await CliAsync(lab, "resource-1", ["create", "--image", "debian", "--name", "web1", "--disk", "3g", "--ip", "10.9.0.21/24", .. common]);
            var second = await CliAsync(lab, "resource-2", ["create", "--image", "cloud", "--name", "web2", "--disk", "3g", "--ip", "10.9.0.22/24", .. common]);
            await SaysWhatItIsAsync(lab, "web1", built);
            await SaysWhatItIsAsync(lab, "web2", second);
            var fingerprint = Fingerprint().Match(built).Groups[1].Value;

            await Task.WhenAll(
                Task.Run(() => LogInAsync(lab, "resource-1", "web1", "Debian GNU/Linux 12 web1"), Token),
                Task.Run(() => LogInAsync(lab, "resource-2", "web2", "Datasource DataSourceNoCloud [seed="), Token));

            foreach (var address in (string[])["10.9.0.21", "10.9.0.22"])
                await PingAsync(lab, address);
            await EnterByKeyAsync(lab, key, "10.9.0.22", "web2");
            await EnterByKeyAsync(lab, key, "10.9.0.21", "web1");
            var scanned = await lab.RunAsync("storage", ["sh", "-c", "ssh-keyscan -t ed25519 10.9.0.21 2> /dev/null | ssh-keygen -l -f -"]);
            Assert.Contains(fingerprint, scanned.Output, StringComparison.Ordinal);

            await GuestActs.MoveAsync(lab, "web1", "resource-1", () => CliAsync(lab, "resource-1", "migrate", "--live", "web1", "resource-2"), Token);
            await GuestActs.MoveAsync(lab, "web2", "resource-2", () => CliAsync(lab, "resource-2", "migrate", "--live", "web2", "resource-1"), Token);
            foreach (var address in (string[])["10.9.0.21", "10.9.0.22"])
                await PingAsync(lab, address);
            await EnterByKeyAsync(lab, key, "10.9.0.22", "web2");
        }
        finally
        {
            await Lab.DownAsync(Name);
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>The printed file is read again, and is the domain that runs.</summary>
    private static async Task SaysWhatItIsAsync(Lab lab, string domain, string printed)
    {
        var file = printed[printed.IndexOf($"name = \"{domain}\"", StringComparison.Ordinal)..];
        using var client = GodwitClient.OverSocket(lab.Paths.Socket("storage"));
        Assert.Equivalent((await client.GetDomainAsync(domain, Token)).Spec, ConfigReader.Read(file, "printed").Spec, strict: true);
    }

    /// <summary>By the password, on the console; the disk is as large as was asked for.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="host">Host that runs it.</param>
    /// <param name="domain">Its name, and its guest's.</param>
    /// <param name="first">What the console says once it has found out who it is.</param>
    private static async Task LogInAsync(Lab lab, string host, string domain, string first)
    {
        using var client = GodwitClient.OverSocket(lab.Paths.Socket(host));
        await using var console = await client.OpenConsoleAsync(domain, Token);
        var heard = new StringBuilder();
        await HearAsync(console, heard, first);
        await SayAsync(console, ""); // The prompt may have been written over by then.
        await HearAsync(console, heard, $"{domain} login: ");
        await SayAsync(console, "root");
        await HearAsync(console, heard, "Password: ");
        await SayAsync(console, Password);
        await HearAsync(console, heard, "# ");
        await SayAsync(console, "echo \"I am $(id -un) on $(hostname) with $(df / | awk 'END {print int($2 / 1000000)}') GB\"");
        await HearAsync(console, heard, $"I am root on {domain} with 3 GB");
    }

    private static async Task HearAsync(Stream console, StringBuilder heard, string wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(BootLimit);
        var block = new byte[4096];
        try
        {
            while (!heard.ToString().Contains(wanted, StringComparison.Ordinal))
            {
                var read = await console.ReadAsync(block, limit.Token);
                Assert.True(read > 0, $"the console ended:\n{heard}");
                heard.Append(Encoding.UTF8.GetString(block, 0, read));
            }
            var text = heard.ToString();
            heard.Clear().Append(text[(text.IndexOf(wanted, StringComparison.Ordinal) + wanted.Length)..]);
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            Assert.Fail($"no `{wanted}` within {BootLimit} on the console:\n{heard}");
        }
    }

    private static async Task SayAsync(Stream console, string line) => await console.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), Token);

    private static async Task PingAsync(Lab lab, string address) =>
        await lab.RunAsync("storage", ["ping", "-c", "1", "-W", "20", address]);

    private static async Task EnterByKeyAsync(Lab lab, string key, string address, string name)
    {
        var said = await lab.RunAsync("storage",
            ["ssh", "-i", key, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=60", $"root@{address}", "hostname"]);
        Assert.Equal(name, said.Output.Trim());
    }

    private static Task<string> CliAsync(Lab lab, string host, params string[] words) => ProgramRunner.RunAsync(
        [Path.Combine(Programs.Directory, "godwit"), "--socket", lab.Paths.Socket(host), .. words], ct: Token);

    [GeneratedRegex(@"SSH host key: (SHA256:\S+)")]
    private static partial Regex Fingerprint();
}
