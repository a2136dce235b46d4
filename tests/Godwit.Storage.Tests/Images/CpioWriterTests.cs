using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Storage.Tests.Images;

public sealed class CpioWriterTests
{
    [Fact]
    public async Task AnotherReaderUnpacksWhatWasPacked()
    {
        var directory = Directory.CreateTempSubdirectory("godwit-cpio-");
        try
        {
            var archive = Path.Combine(directory.FullName, "archive");
            await using (var file = File.Create(archive))
            {
                var writer = new CpioWriter(file);
                writer.AddDirectory("etc");
                for (var size = 0; size < 6; size++) writer.AddFile($"etc/f{size}", [.. "abcdef"u8[..size]]);
                writer.AddFile("run", "#!/bin/sh\necho it runs"u8.ToArray(), executable: true);
                writer.AddLink("etc/link", "f5");
                writer.End();
            }
            await ProgramRunner.RunAsync(["sh", "-c", "cd \"$1\" && busybox cpio -i < archive", "sh", directory.FullName]);
            for (var size = 0; size < 6; size++)
                Assert.Equal("abcdef"[..size], await File.ReadAllTextAsync($"{directory.FullName}/etc/f{size}"));
            Assert.Equal("abcde", await File.ReadAllTextAsync($"{directory.FullName}/etc/link"));
            Assert.Equal("it runs\n", await ProgramRunner.RunAsync([$"{directory.FullName}/run"]));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
