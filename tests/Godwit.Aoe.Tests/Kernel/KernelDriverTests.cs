using Godwit.Aoe.Control;
using Godwit.Aoe.Guests;
using Godwit.Aoe.Tests.EndToEnd;

namespace Godwit.Aoe.Tests.Kernel;

/// <summary>The target under the distribution's own driver and tools, in guests.</summary>
[TestMethodOrderer(typeof(ByName))]
public sealed class KernelDriverTests(TwoGuests guests) : IClassFixture<TwoGuests>
{
    private const string NotPossible = "needs root, qemu-system-x86_64 and dumpcap";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Blocks of all sizes at random places of a whole device, each read back and compared.</summary>
    private static string Fio(string device, int depth, string size) =>
        $"fio --name=verify --filename={device} --direct=1 --ioengine=libaio --rw=randwrite --size={size} --bssplit=512/20:4k/40:64k/30:1m/10 "
        + $"--iodepth={depth} --verify=crc32c --verify_fatal=1 --do_verify=1 --randrepeat=0 --output-format=terse --eta=never";

    [Theory]
    [InlineData(1, 1500, 2)]
    [InlineData(2, 9000, 17)]
    public async Task A_disk_is_found_partitioned_formatted_filled_and_sound(int shelf, int mtu, int sectorsPerFrame)
    {
        Assert.SkipUnless(TwoGuests.Possible, NotPossible);
        guests.SetMtu(mtu);
        try
        {
            var guest = guests.First;
            await guest.RunAsync($"ip link set eth0 mtu {mtu}", Ct);
            guests.Export(guests.Disk($"disk{shelf}"), shelf);
            await FindAsync(guest, shelf);
            Assert.Contains($"e{shelf}.0", await guest.RunAsync("aoe-stat", Ct), StringComparison.Ordinal);
            var device = $"/dev/etherd/e{shelf}.0";
            await guest.RunAsync($"printf 'size=32M\\nsize=24M\\n' | sfdisk -q {device}", Ct);
            await guest.RunAsync($"for i in 1 2 3 4 5; do [ -b {device}p2 ] && break; sleep 0.2; done; mkfs.ext4 -q {device}p1; mkdir -p /mnt; mount {device}p1 /mnt", Ct);
            foreach (var depth in new[] { 1, 8, 32 }) await guest.RunAsync(Fio(device + "p2", depth, "16m"), Ct);
            await guest.RunAsync(
                "fio --name=files --directory=/mnt --rw=randwrite --bs=4k --size=4m --fsync=64 --verify=crc32c --do_verify=0 --eta=never --output-format=terse", Ct);
            await guest.RunAsync($"umount /mnt; mount {device}p1 /mnt", Ct);
            await guest.RunAsync(
                "fio --name=files --directory=/mnt --rw=randread --bs=4k --size=4m --verify=crc32c --verify_only --verify_fatal=1 --eta=never --output-format=terse", Ct);
            await guest.RunAsync($"umount /mnt; e2fsck -fn {device}p1", Ct);
            var status = await new ExportControlClient(guests.Control(shelf)).StatusAsync(Ct);
            Assert.True(status.Counters is { Writes: > 100, Refused: 0, Malformed: 0 }, $"{status.Counters}");
            Assert.Equal(0, status.Interfaces.Sum(port => port.Malformed + port.Dropped));
            // What the driver made of the target's offer.
            Assert.Equal(sectorsPerFrame * 512, await MostBytesAsync(guest, shelf));
        }
        finally
        {
            guests.SetMtu(9000);
            await guests.First.RunAsync("ip link set eth0 mtu 9000", Ct);
        }
    }

    [Fact]
    public async Task A_target_that_is_killed_and_started_again_in_the_middle_costs_no_write()
    {
        Assert.SkipUnless(TwoGuests.Possible, NotPossible);
        var (guest, disk) = (guests.First, guests.Disk("disk3"));
        var export = guests.Export(disk, 3);
        await FindAsync(guest, 3);
        await guest.RunAsync($"rm -f /tmp/rc; ({Fio("/dev/etherd/e3.0", 8, "48m")} > /tmp/fio 2>&1; echo $? > /tmp/rc) &", Ct);
        for (var i = 0; i < 3; i++)
        {
            await Task.Delay(400, Ct);
            // In the middle, and not after it.
            Assert.Equal("", await guest.RunAsync("cat /tmp/rc 2> /dev/null || true", Ct));
            TwoGuests.End(export);
            await Task.Delay(700, Ct);
            export = guests.Export(disk, 3);
        }
        Assert.Equal("0", await guest.RunAsync("while [ ! -s /tmp/rc ]; do sleep 0.2; done; cat /tmp/rc; [ $(cat /tmp/rc) = 0 ] || cat /tmp/fio", Ct));
    }

    [Fact]
    public async Task A_guest_that_is_fenced_off_in_the_middle_gets_errors_at_once_and_the_other_goes_on()
    {
        Assert.SkipUnless(TwoGuests.Possible, NotPossible);
        var disk = guests.Disk("disk4");
        guests.Export(disk, 4, "--managed", "--new-state", "--state", guests.Place("state4"));
        var fence = new ExportControlClient(guests.Control(4));
        var first = await fence.AdmitAsync("first", [TwoGuests.FirstMac], Ct, sessionless: true);
        await fence.FenceAsync("first", 1, first, Ct);
        await FindAsync(guests.First, 4);
        const string Device = "/dev/etherd/e4.0";
        await guests.First.RunAsync(
            $"rm -f /tmp/rc; (n=0; while dd if=/dev/zero bs=64k count=16 2>/dev/null | tr '\\0' a | dd of={Device} bs=64k iflag=fullblock oflag=direct conv=notrunc 2> /tmp/dd; do n=$((n+1)); done; date +%s.%N > /tmp/ended; echo $n > /tmp/rc) &", Ct);
        await Task.Delay(1500, Ct);
        Assert.Equal("", await guests.First.RunAsync("cat /tmp/rc 2> /dev/null || true", Ct));

        var second = await fence.AdmitAsync("second", [TwoGuests.SecondMac], Ct, sessionless: true);
        Assert.Equal(1, (await fence.FenceAsync("second", 2, second, Ct)).PreviousEpoch);
        await FindAsync(guests.Second, 4);
        await guests.Second.RunAsync($"dd if=/dev/zero bs=64k count=64 2>/dev/null | tr '\\0' b | dd of={Device} bs=64k iflag=fullblock oflag=direct conv=notrunc", Ct);
        // EIO, not the driver's three minutes of patience.
        Assert.NotEqual("0", await guests.First.RunAsync("while [ ! -s /tmp/rc ]; do sleep 0.1; done; cat /tmp/rc", Ct, withinSeconds: 20));
        Assert.Contains("Input/output error", await guests.First.RunAsync("cat /tmp/dd", Ct), StringComparison.Ordinal);
        Assert.NotEqual(0, (await guests.First.TryRunAsync($"printf a | dd of={Device} bs=512 conv=sync,notrunc oflag=direct", Ct)).Code);
        await guests.Second.RunAsync($"dd if={Device} of=/dev/null bs=64k count=64 iflag=direct", Ct);
        var data = await File.ReadAllBytesAsync(disk, Ct);
        Assert.Equal(-1, data.AsSpan(0, 4 << 20).IndexOfAnyExcept((byte)'b'));
    }

    [Fact]
    public async Task Logical_volumes_made_on_it_by_one_guest_are_found_by_another()
    {
        Assert.SkipUnless(TwoGuests.Possible, NotPossible);
        guests.Export(guests.Disk("disk5"), 5);
        await FindAsync(guests.First, 5);
        await guests.First.RunAsync(
            "pvcreate -q /dev/etherd/e5.0 && vgcreate -q vg_xen /dev/etherd/e5.0 && lvcreate -q -y -L 16M -n lv_vm1 vg_xen && mkfs.ext4 -q /dev/vg_xen/lv_vm1", Ct);
        await guests.First.RunAsync("mkdir -p /mnt; mount /dev/vg_xen/lv_vm1 /mnt; echo by the first > /mnt/note; umount /mnt; vgchange -q -a n vg_xen", Ct);
        await FindAsync(guests.Second, 5);
        await guests.Second.RunAsync("vgchange -q -a y vg_xen; mkdir -p /mnt; mount /dev/vg_xen/lv_vm1 /mnt", Ct);
        Assert.Equal("by the first", await guests.Second.RunAsync("cat /mnt/note", Ct));
        await guests.Second.RunAsync("umount /mnt; vgchange -q -a n vg_xen", Ct);
    }

    /// <summary>What a host's attachments rely on (Godwit.Storage/Attachments/KernelDriver), with the very words that they write.</summary>
    [Fact]
    public async Task Its_files_take_what_a_host_writes_to_them()
    {
        Assert.SkipUnless(TwoGuests.Possible, NotPossible);
        var guest = guests.First;
        var exports = new[] { guests.Export(guests.Disk("disk7"), 7, 1), guests.Export(guests.Disk("disk7b"), 7, 10) };
        const string Up = "for i in $(seq 50); do printf 'all\\0' > /dev/etherd/discover; grep -q ^up '/sys/block/etherd!e7.1/state' && grep -q ^up '/sys/block/etherd!e7.10/state' && exit 0; sleep 0.1; done; exit 1";
        await guest.RunAsync(Up, Ct);
        Assert.Equal("131072", await guest.RunAsync("cat '/sys/block/etherd!e7.1/size'", Ct));
        Assert.Equal("", await guest.RunAsync("ls '/sys/block/etherd!e7.1/holders'; cat /sys/module/aoe/parameters/aoe_iflist", Ct));

        // What is cached of a device is old when another host has written to it, until it is dropped.
        await guest.RunAsync("exec 3< /dev/etherd/e7.1; head -c 512 <&3 > /tmp/before; sleep 60 <&3 > /dev/null 2>&1 & echo $! > /tmp/holder", Ct);
        Assert.Equal(0, VethPair.Run("sh", "-c", $"printf new | dd of={guests.Place("disk7")} conv=notrunc").Code);
        Assert.Equal("", await guest.RunAsync("head -c 3 /dev/etherd/e7.1 | tr -d '\\0'", Ct));
        await guest.RunAsync("blockdev --flushbufs /dev/etherd/e7.1", Ct);
        Assert.Equal("new", await guest.RunAsync("head -c 3 /dev/etherd/e7.1", Ct));

        // Grown, and asked again while it is open.
        TwoGuests.End(exports[0]);
        Assert.Equal(0, VethPair.Run("truncate", "-s", "96M", guests.Place("disk7")).Code);
        guests.Export(guests.Place("disk7"), 7, 1);
        await guest.RunAsync("for i in $(seq 50); do printf 'e7.1\\0' > /dev/etherd/revalidate; [ $(cat '/sys/block/etherd!e7.1/size') = 196608 ] && exit 0; sleep 0.1; done; exit 1", Ct);
        await guest.RunAsync("kill $(cat /tmp/holder)", Ct);

        // The one that is named is taken away, and not the one whose name begins so.
        await guest.RunAsync("printf 'e7.1\\0' > /dev/etherd/flush; for i in $(seq 50); do [ ! -e /dev/etherd/e7.1 ] && exit 0; sleep 0.1; done; exit 1", Ct);
        Assert.StartsWith("up", await guest.RunAsync("cat '/sys/block/etherd!e7.10/state'", Ct), StringComparison.Ordinal);
        await guest.RunAsync(Up, Ct);
    }

    /// <summary>By a dissector that others wrote; of what the tests before have sent, and of one that looks at all kinds of commands.</summary>
    [Fact]
    public async Task Tshark_finds_no_malformed_frame()
    {
        Assert.SkipUnless(TwoGuests.Possible && File.Exists("/usr/bin/tshark"), NotPossible + " and tshark");
        var guest = guests.First;
        guests.Export(guests.Disk("disk6"), 6);
        await FindAsync(guest, 6);
        await guest.RunAsync("aoecfg -t 1 -c set -s vm1 6 0 eth0; aoecfg -t 1 -c read 6 0 eth0; aoeping -s 5 -S read_data 6 0 eth0; aoe-revalidate e6.0 || true", Ct);
        await guest.RunAsync(Fio("/dev/etherd/e6.0", 4, "2m"), Ct);
        await guests.EndCaptureAsync();
        Assert.Empty(Dissect("_ws.malformed || _ws.expert.severity == error", "frame.number"));
        var answers = Dissect("aoe.response == 1", "aoe.major").CountBy(shelf => shelf).ToDictionary();
        foreach (var shelf in Enumerable.Range(1, 6)) Assert.True(answers.GetValueOrDefault($"0x{shelf:x4}") > 100, $"disk {shelf}: {string.Join(", ", answers)}");

        IEnumerable<string> Dissect(string filter, string field)
        {
            var (code, output) = VethPair.Run("tshark", "-n", "-r", guests.Capture, "-Y", filter, "-T", "fields", "-e", field);
            Assert.True(code == 0, output);
            // Between the lines tshark says that it runs as root.
            return output.Split('\n').Where(line => line.Length > 0 && char.IsAsciiDigit(line[0]));
        }
    }

    private static Task<string> FindAsync(AoeGuest guest, int shelf) => guest.RunAsync(
        $"for i in $(seq 50); do aoe-discover; [ -b /dev/etherd/e{shelf}.0 ] && grep -q up /sys/block/etherd!e{shelf}.0/state && exit 0; sleep 0.2; done; aoe-stat; ls /dev/etherd /sys/block; exit 1", Ct);

    private static async Task<int> MostBytesAsync(AoeGuest guest, int shelf) =>
        int.Parse(await guest.RunAsync($"cat '/sys/block/etherd!e{shelf}.0/payload'", Ct), System.Globalization.CultureInfo.InvariantCulture);
}
