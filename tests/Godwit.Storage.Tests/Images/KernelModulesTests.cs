using System.Text;
using Godwit.Storage.Images;

namespace Godwit.Storage.Tests.Images;

public sealed class KernelModulesTests
{
    [Fact]
    public void AModuleComesAfterWhatItDependsOn()
    {
        var directory = Directory.CreateTempSubdirectory("godwit-modules-").FullName;
        try
        {
            Add("fs/ext4", "jbd2,mbcache");
            Add("fs/jbd2", "");
            Add("fs/mbcache", "");
            Add("net/virtio_net", "virtio-ring");
            Add("drivers/virtio_ring", "");
            Add("drivers/unwanted", "");
            Assert.Equal(["virtio_ring", "virtio_net", "jbd2", "mbcache", "ext4"],
                KernelModules.InLoadOrder(directory, ["virtio_net", "ext4", "jbd2", "built_in"])
                    .Select(Path.GetFileNameWithoutExtension));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        void Add(string path, string depends)
        {
            var file = Path.Combine(directory, path + ".ko");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, Encoding.ASCII.GetBytes($"\u007fELF..license=GPL\0depends={depends}\0name=x\0"));
        }
    }

    [Theory]
    [InlineData("alias=a\0depends=x,y\0name=b\0", "x y")]
    [InlineData("alias=a\0depends=\0name=b\0", "")]
    [InlineData("no module at all", "")]
    [InlineData("nodepends=x\0", "")]
    public void DependenciesAreReadFromTheModuleItself(string content, string expected) =>
        Assert.Equal(expected, string.Join(' ', KernelModules.Dependencies(Encoding.ASCII.GetBytes(content))));
}
