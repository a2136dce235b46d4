using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

public sealed class BinderTests
{
    private const string Whole = "name = 'a'\nmemory = 64\n";

    [Theory]
    [InlineData("", "1:1+1 name is not set", "1:1+1 memory is not set")]
    [InlineData("name = 'a b'\nmemory = 64", "1:8+5 'a b' cannot be the name of a domain")]
    [InlineData("name = '../a'\nmemory = 64", "1:8+6 '../a' cannot be the name of a domain")]
    [InlineData("name = 3\nmemory = 64", "1:8+1 name is a string, not a number")]
    [InlineData("name = 'a'\nmemory = 3", "2:10+1 memory = 3 is out of range")]
    [InlineData("name = 'a'\nmemory = -64", "2:10+3 memory = -64 is out of range")]
    [InlineData("name = 'a'\nmemory = 'lots'", "2:10+6 memory is a number of MiB, not a string")]
    [InlineData("name = 'a'\nmemory = [64]", "2:10+4 memory is a number of MiB, not a list")]
    [InlineData("name = 'a'\nmaxmem = 1", "2:10+1 maxmem = 1 is out of range")]
    [InlineData(Whole + "vcpus = 0", "3:9+1 vcpus = 0 is out of range")]
    [InlineData(Whole + "maxvcpus = 513", "3:12+3 maxvcpus = 513 is out of range")]
    [InlineData(Whole + "maxvcpus = 2\nvcpus = 4", "4:9+1 vcpus = 4 is more than maxvcpus = 2")]
    [InlineData(Whole + "uuid = 'x'", "3:8+3 'x' is not a UUID")]
    [InlineData(Whole + "kernel = 'vmlinuz'", "3:10+9 kernel is not an absolute path")]
    [InlineData(Whole + "type = 'vax'", "3:8+5 'vax' is not a type")]
    [InlineData(Whole + "builder = 'vax'", "3:11+5 'vax' is not a builder")]
    [InlineData(Whole + "on_crash = 'panic'", "3:12+7 'panic' is not something to do on crash")]
    [InlineData(Whole + "disk = [ 3 ]", "3:10+1 disk is a list of strings; this is a number")]
    [InlineData(Whole + "disk = 3", "3:8+1 disk is a list of strings, not a number")]
    [InlineData(Whole + "disk = ['phy:a/b,xvda,w', 'phy:a/c,xvda,w']", "3:8+36 two disks are called xvda")]
    [InlineData(Whole + "disk = ['phy:a/b,xvda,w']\nroot = '/dev/xvdb'", "4:8+11 root names /dev/xvdb, and there is no such disk")]
    [InlineData(Whole + "disk = ['phy:a/b,what,w']\nroot = '/dev/xvdb'", "3:9+16 'what' is not the name of a disk in a guest, such as xvda, sda, hda or hda1")]
    public void Errors(string text, params string[] expected) => Assert.Equal(expected, Specs.Complaints(text));

    [Theory]
    [InlineData("memroy = 3", Severity.Warning, "memroy is not a setting that is known; it is ignored", "did you mean memory?")]
    [InlineData("quux = 3", Severity.Warning, "quux is not a setting that is known; it is ignored", null)]
    [InlineData("vnc = 1", Severity.Note, "vnc means nothing here and is ignored", null)]
    public void Settings_without_a_meaning_are_told_and_do_no_harm(string line, Severity severity, string message, string? hint)
    {
        var result = ConfigReader.Read(Whole + line, "vm1");
        Assert.NotNull(result.Spec);
        var diagnostic = Assert.Single(result.Diagnostics);
        Assert.Equal((severity, message, hint), (diagnostic.Severity, diagnostic.Message, diagnostic.Hint));
        Assert.Equal((3, 1), (diagnostic.Span.Line, diagnostic.Span.Column));
    }

    [Fact]
    public void All_settings()
    {
        var spec = Specs.Read("""
            name = "web-1.x+y"
            uuid = "6d8e4b9e-0d63-4b57-9c5a-2f6b7a4d1c11"
            type = "pvh"
            memory = "512"
            maxmem = 0x400
            vcpus = 4
            maxvcpus = 8
            cmdline = "console=hvc0"
            extra = 3
            root = "UUID=1234 ro"
            on_poweroff = "preserve"
            on_reboot = "destroy"
            on_crash = "rename-restart"
            """);
        Specs.Same(new DomainSpec
        {
            Name = "web-1.x+y",
            Uuid = Guid.Parse("6d8e4b9e-0d63-4b57-9c5a-2f6b7a4d1c11"),
            GuestType = GuestType.Pvh,
            MemoryMiB = 512,
            MaxMemoryMiB = 1024,
            VirtualCpus = 4,
            MaxVirtualCpus = 8,
            CommandLine = "console=hvc0 3",
            Root = "UUID=1234 ro",
            OnPowerOff = LifecycleAction.Preserve,
            OnReboot = LifecycleAction.Destroy,
            OnCrash = LifecycleAction.Restart,
        }, spec);
    }

    [Fact]
    public void Maxmem_alone_is_the_memory() => Assert.Equal(128, Specs.Read("name = 'a'\nmaxmem = 128").MemoryMiB);

    [Theory]
    [InlineData("", null)]
    [InlineData("type = 'pv'", GuestType.Pv)]
    [InlineData("type = 'pvh'", GuestType.Pvh)]
    [InlineData("type = 'hvm'", GuestType.Hvm)]
    [InlineData("builder = 'hvm'", GuestType.Hvm)]
    [InlineData("builder = 'linux'", null)]
    [InlineData("type = 'pvh'\nbuilder = 'hvm'", GuestType.Pvh)]
    public void The_type_of_guest(string lines, GuestType? expected) => Assert.Equal(expected, Specs.Read(Whole + lines).GuestType);

    [Fact]
    public void What_is_too_many_processors_is_told_with_the_remedy()
    {
        var said = Assert.Single(ConfigReader.Read(Whole + "vcpus = 4\nmaxvcpus = 2", "vm1").Diagnostics);
        Assert.Equal((3, "write maxvcpus = 4, or leave it out where the domain is to get no more while it runs"), (said.Span.Line, said.Hint));
    }

    [Fact]
    public void Devices_are_bounded() => Assert.Equal(
        ["disk has 65 entries; at most 64 are possible"],
        ConfigReader.Read(Whole + "disk = [" + string.Concat(Enumerable.Repeat("'phy:a/b,xvda,w',", 65)) + "]", "vm1").Diagnostics.Select(d => d.Message));

    [Fact]
    public void A_file_beyond_the_limit_is_not_read()
    {
        var filler = Whole + "#" + new string('x', ConfigReader.MaxLength - Whole.Length - 1);
        Assert.NotNull(ConfigReader.Read(filler, "vm1").Spec);
        var result = ConfigReader.Read(filler + "x", "vm1");
        Assert.Null(result.Spec);
        Assert.Equal("vm1 has 1048577 characters; a configuration has at most 1048576", Assert.Single(result.Diagnostics).Message);
    }

    [Fact]
    public void Of_very_many_diagnostics_the_errors_are_told()
    {
        var text = Whole + string.Concat(Enumerable.Range(0, 500).Select(i => $"x{i} = 1\n")) + "vcpus = 0\n";
        var result = ConfigReader.Read(text, "vm1");
        Assert.Equal(ConfigReader.MostDiagnostics, result.Diagnostics.Length);
        Assert.Equal("vcpus = 0 is out of range", result.Diagnostics[^1].Message);
    }
}
