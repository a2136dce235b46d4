using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using Godwit.Api;
using Godwit.Cli.Commands;
using Godwit.Cli.Running;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Native;

namespace Godwit.Cli.Guests;

/// <summary>The options of <c>create</c> that stand in for a configuration file, and what is understood of them.</summary>
internal sealed class GuestOptions
{
    private const int DefaultMemoryMiB = 512;

    public Option<string?> Image { get; } = new("--image") { HelpName = "IMAGE", Description = "Make its disk of an image; no configuration file is needed" };

    private readonly Option<string?> _name = new("--name") { HelpName = "NAME", Description = "Name of the domain, and of its guest" };
    private readonly Option<string?> _hostName = new("--hostname") { HelpName = "NAME", Description = "Name of the guest where it is not the domain's" };
    private readonly Option<int?> _memory = Arguments.Number("--memory", "MIB", $"Memory in MiB (default {DefaultMemoryMiB})");
    private readonly Option<int?> _processors = Arguments.Number("--vcpus", "COUNT", "Virtual processors (default 1)");
    private readonly Option<long> _disk = Arguments.Size("--disk", "Size of its disk; else the image's");
    private readonly Option<string?> _group = new("--group") { HelpName = "GROUP", Description = "Volume group of its disk, where the storage host has several" };
    private readonly Option<string?> _bridge = new("--bridge") { HelpName = "BRIDGE", Description = "Bridge of its network (default xenbr0)" };
    private readonly Option<string?> _address = new("--ip") { HelpName = "ADDRESS/PREFIX", Description = "Address of the guest, such as 10.9.0.21/24; else it asks DHCP" };
    private readonly Option<string?> _gateway = new("--gateway") { HelpName = "ADDRESS", Description = "Its router" };
    private readonly Option<string[]> _nameServers = new("--dns") { HelpName = "ADDRESS", Description = "A name server; may be given several times" };
    private readonly Option<string[]> _keys = new("--ssh-key") { HelpName = "FILE|KEY", Description = "A public key that lets in as root: a .pub file, or its line; may be given several times" };
    private readonly Option<string?> _password = new("--password-file") { HelpName = "FILE", Description = "File with root's password in its first line; - reads standard input" };

    public IEnumerable<Option> All =>
        [Image, _name, _hostName, _memory, _processors, _disk, _group, _bridge, _address, _gateway, _nameServers, _keys, _password];

    /// <summary>Either a file says what the domain is, or these options do.</summary>
    public void Judge(CommandResult words, Argument<string?> file)
    {
        var ofFile = words.GetValue(file) is not null;
        if (words.GetValue(Image) is null)
        {
            if (!ofFile)
                words.AddError("create needs FILE, or --image");
            else if (All.FirstOrDefault(option => words.GetResult(option) is { Implicit: false }) is { } stray)
                words.AddError($"{stray.Name} goes with --image; a configuration file says such things itself");
        }
        else if (ofFile)
        {
            words.AddError("create takes FILE or --image, not both");
        }
        else if (words.GetValue(_name) is null)
        {
            words.AddError("--image needs --name");
        }
    }

    /// <summary>What the daemon is asked for.</summary>
    /// <exception cref="GodwitException">Something in it cannot be.</exception>
    public async Task<CreateGuestRequest> ReadAsync(Invocation call, bool paused, CancellationToken ct)
    {
        var name = call.Get(_name)!;
        var guest = new GuestIdentity
        {
            HostName = call.Get(_hostName) ?? name,
            Address = call.Get(_address),
            Gateway = call.Get(_gateway),
            NameServers = [.. call.Get(_nameServers) ?? []],
            SshKeys = await KeysAsync(call.Get(_keys) ?? [], ct).ConfigureAwait(false),
            PasswordHash = call.Get(_password) is { } file ? PasswordHash.Make(await PasswordAsync(file, call.Around, ct).ConfigureAwait(false)) : null,
        };
        var spec = Understand(call, name, guest.Address);
        guest.Check();
        return new CreateGuestRequest
        {
            Spec = spec,
            Guest = guest,
            Group = call.Get(_group),
            DiskBytes = call.Get(_disk) is > 0 and var bytes ? bytes : null,
            Paused = paused,
        };
    }

    // As a file would say it, so that it means the same, down to the Ethernet address that is drawn.
    private DomainSpec Understand(Invocation call, string name, string? address)
    {
        var nic = $"bridge={call.Get(_bridge) ?? "xenbr0"}" + (address is null ? "" : $", ip={address.Split('/')[0]}");
        var text = FormattableString.Invariant(
            $"name = {SpecWriter.Quote(name)}\nmemory = {call.Get(_memory) ?? DefaultMemoryMiB}\nvcpus = {call.Get(_processors) ?? 1}\nvif = [ {SpecWriter.Quote(nic)} ]\n");
        var understood = ConfigReader.Read(text, "the options");
        return understood.Spec ?? throw Wrong(understood.Diagnostics.First(said => said.Severity == Severity.Error));

        static GodwitException Wrong(Diagnostic said) => new("bad-options", said.Message, said.Hint);
    }

    private static async Task<ImmutableArray<string>> KeysAsync(string[] given, CancellationToken ct)
    {
        var keys = ImmutableArray.CreateBuilder<string>();
        foreach (var one in given)
        {
            // A key has a blank behind its type, which few names of files have.
            if (one.Contains(' ', StringComparison.Ordinal) && !File.Exists(one))
                keys.Add(one.Trim());
            else
                keys.AddRange((await File.ReadAllLinesAsync(one, ct).ConfigureAwait(false)).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'));
        }
        return keys.ToImmutable();
    }

    private static async Task<string> PasswordAsync(string file, Surroundings around, CancellationToken ct)
    {
        if (file == "-" && around.InputIsTerminal)
            throw new GodwitException("no-password", "the password would be seen while it is typed", "give a file, or a pipe: godwit create … --password-file - < FILE");
        using var reader = new StreamReader(file == "-" ? around.Input : File.OpenRead(file));
        return await reader.ReadLineAsync(ct).ConfigureAwait(false) is { Length: > 0 } line
            ? line
            : throw new GodwitException("no-password", "the first line, which is to be the password, is empty");
    }
}
