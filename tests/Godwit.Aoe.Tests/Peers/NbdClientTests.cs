using System.Security.Cryptography;
using System.Text.Json;
using Godwit.Aoe.Tests.EndToEnd;

namespace Godwit.Aoe.Tests.Peers;

/// <summary>Clients that others wrote, at the NBD socket of an attached device.</summary>
public sealed class NbdClientTests : IDisposable
{
    private readonly AttachedDisk _disk;

    public NbdClientTests()
    {
        Assert.SkipUnless(VethPair.Possible, "needs root, ip and qemu-io");
        _disk = new AttachedDisk();
        _disk.Export();
        _disk.Attach();
    }

    public void Dispose() => _disk?.Dispose();

    [Fact]
    public void Nbdinfo_sees_what_it_can_and_that_all_is_data()
    {
        var info = JsonDocument.Parse(Run("nbdinfo", "--json", _disk.Url)).RootElement;
        Assert.True(info.GetProperty("structured").GetBoolean());
        var export = info.GetProperty("exports")[0];
        Assert.Equal(AttachedDisk.Bytes, export.GetProperty("export-size").GetInt64());
        Assert.Equal(["base:allocation"], export.GetProperty("contexts").EnumerateArray().Select(context => context.GetString()));
        foreach (var able in (string[])["can_flush", "can_fua", "can_multi_conn", "can_zero", "can_trim", "can_df"])
            Assert.True(export.GetProperty(able).GetBoolean(), able);
        foreach (var unable in (string[])["can_cache", "is_read_only"])
            Assert.False(export.GetProperty(unable).GetBoolean(), unable);
        Assert.Equal(512, export.GetProperty("block_size_minimum").GetInt32());
        Assert.Matches(@"^\s*0\s+67108864\s+0\s+data\s*$", Run("nbdinfo", "--map", _disk.Url));
    }

    [Fact]
    public void Nbdcopy_writes_over_several_connections_what_it_reads_back()
    {
        var (source, back) = (_disk.Place("source"), _disk.Place("back"));
        File.WriteAllBytes(source, RandomNumberGenerator.GetBytes((int)AttachedDisk.Bytes));
        Run("nbdcopy", "--connections=4", "--requests=16", "--flush", source, _disk.Url);
        Run("nbdcopy", "--connections=4", "--requests=16", _disk.Url, back);
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(source)), SHA256.HashData(File.ReadAllBytes(back)));
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(source)), SHA256.HashData(File.ReadAllBytes(_disk.Disk)));
    }

    /// <summary>A flush over one connection covers what was written over another, and an error leaves the connection alive.</summary>
    [Fact]
    public void Nbdsh_finds_connections_that_agree_and_errors_that_harm_nothing() => Run(
        // As nbdsh does, by the distribution's Python: another may come first in the path.
        "/usr/bin/python3", "-m", "nbd", "-c", $"""
        import errno
        one, other = nbd.NBD(), nbd.NBD()
        for h in (one, other):
            h.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
            h.connect_uri("{_disk.Url}")
        assert one.get_structured_replies_negotiated()
        one.pwrite(b"A" * 4096, 8192)
        other.flush()
        assert other.pread(4096, 8192) == b"A" * 4096
        assert open("{_disk.Disk}", "rb").read()[8192:12288] == b"A" * 4096
        other.pwrite(b"B" * 512, 8192, nbd.CMD_FLAG_FUA)
        one.zero(1024, 8704)
        assert one.pread_structured(2048, 8192, lambda *chunk: None, nbd.CMD_FLAG_DF) == b"B" * 512 + bytes(1024) + b"A" * 512
        extents = []
        one.block_status(1 << 20, 0, lambda context, offset, entries, error: extents.append((context, list(entries))))
        assert extents == [("base:allocation", [1 << 20, 0])], extents
        one.set_strict_mode(0)
        for bad in (lambda: one.pread(512, {AttachedDisk.Bytes}), lambda: one.pread(100, 0), lambda: one.pwrite(bytes(512), {AttachedDisk.Bytes})):
            try:
                bad()
                raise AssertionError("it should have failed")
            except nbd.Error as e:
                assert e.errnum in (errno.EINVAL, errno.ENOSPC), e
        assert one.pread(512, 8192) == b"B" * 512
        """);

    [Fact]
    public void What_is_trimmed_or_zeroed_reads_as_zeroes_and_takes_no_room()
    {
        Run("/usr/bin/python3", "-m", "nbd", "-c", $"""
            import os
            room = lambda: os.stat("{_disk.Disk}").st_blocks * 512
            h = nbd.NBD()
            h.connect_uri("{_disk.Url}")
            h.pwrite(b"A" * (24 << 20), 0)
            h.flush()
            full = room()
            h.trim(8 << 20, 0)
            h.zero(8 << 20, 8 << 20)
            h.flush()
            assert h.pread(16 << 20, 0) == bytes(16 << 20)
            assert h.pread(8 << 20, 16 << 20) == b"A" * (8 << 20)
            assert room() <= full - (15 << 20), (full, room())
            h.zero(8 << 20, 0, nbd.CMD_FLAG_NO_HOLE)
            h.flush()
            assert room() >= full - (9 << 20), (full, room())
            h.trim({AttachedDisk.Bytes}, 0, nbd.CMD_FLAG_FUA)
            assert h.pread(32 << 20, 0) == bytes(32 << 20) and room() < (1 << 20), room()
            """);
    }

    [Fact]
    public void Qemu_img_keeps_an_image_there_and_finds_it_whole()
    {
        var source = _disk.Place("source.raw");
        File.WriteAllBytes(source, [.. RandomNumberGenerator.GetBytes(8 << 20), .. new byte[8 << 20]]);
        Run("qemu-img", "create", "-q", "-f", "qcow2", _disk.Url, "16M");
        Run("qemu-img", "convert", "-n", "-f", "raw", "-O", "qcow2", source, _disk.Url);
        Run("qemu-img", "check", "-q", "-f", "qcow2", _disk.Url);
        Run("qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", source, _disk.Url);
        Run("qemu-img", "bench", "-f", "raw", "-w", "-c", "500", "-d", "32", "-s", "8192", "-t", "none", _disk.Url);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(32)]
    public void Fio_reads_back_what_it_wrote(int depth) => Fio.Verify(_disk.Url, depth, "32m");

    private static string Run(string program, params string[] arguments)
    {
        var (code, output) = VethPair.Run(program, arguments);
        Assert.True(code == 0, $"{program} ended with {code}: {output}");
        return output;
    }
}
