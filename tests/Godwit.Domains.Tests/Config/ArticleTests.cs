using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

/// <summary>The how-to's own file, which must load as it stands.</summary>
public sealed class ArticleTests
{
    [Fact]
    public void The_file_of_the_article_is_read_without_a_word() => Specs.Same(
        new DomainSpec
        {
            Name = "vm1",
            MemoryMiB = 256,
            MaxMemoryMiB = 256,
            VirtualCpus = 1,
            Kernel = "/boot/vmlinuz-xen",
            Ramdisk = "/boot/initrd-xen",
            Root = "/dev/hda1",
            CommandLine = "3",
            Disks = [new DiskSpec { Target = "xen/lv_vm1", Backend = DiskBackend.Block, VirtualDevice = "hda1" }],
            Interfaces = [new InterfaceSpec { Mac = new MacAddress(0xaacc00000001), Bridge = "xenbr0" }],
        },
        Specs.Read(Specs.Article));

    [Fact]
    public void Settings_keep_their_places()
    {
        var result = ConfigReader.Read(Specs.Article, "vm1");
        Assert.Equal((14, 9), Place("vif[0]"));
        Assert.Equal((17, 10), Place("disk[0]"));
        Assert.Equal((3, 8), Place("name"));
        Assert.Equal((15, 12), Place("hostname"));
        Assert.Null(result.Place("vcpus"));

        (int, int) Place(string name) => (result.Place(name)!.Value.Line, result.Place(name)!.Value.Column);
    }

    [Theory]
    [InlineData("\n", "\r\n")]
    [InlineData("# -*-", "\uFEFF# -*-")]
    [InlineData(" = ", "=")]
    [InlineData("\"", "'")]
    [InlineData("\n#", "\n\t#")]
    [InlineData(" ]\n", ",\n]\n")]
    public void How_it_is_written_changes_nothing(string from, string to) =>
        Specs.Same(Specs.Read(Specs.Article), Specs.Read(Specs.Article.Replace(from, to, StringComparison.Ordinal)));
}
