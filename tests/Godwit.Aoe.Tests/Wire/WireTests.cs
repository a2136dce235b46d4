using CsCheck;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Tests.Wire;

public class WireTests
{
    private static readonly Gen<MacAddress> Mac = Gen.ULong[0, 0xFFFF_FFFF_FFFF].Select(v => new MacAddress(v));

    [Fact]
    public void The_header_stands_as_in_the_specification()
    {
        var frame = new byte[AoeHeader.Bytes];
        AoeHeader.Request(new MacAddress(0x010203040506), new MacAddress(0x0A0B0C0D0E0F), new AoeAddress(0x1234, 0x56),
            AoeCommand.ReserveRelease, 0xDEADBEEF).Write(frame);
        Assert.Equal("0102030405060A0B0C0D0E0F88A2100012345603DEADBEEF", Convert.ToHexString(frame));
    }

    [Fact]
    public void The_ata_section_has_its_address_from_the_lowest_byte()
    {
        var frame = new byte[AtaSection.DataAt];
        new AtaSection
        {
            Flags = AtaFlags.Extended | AtaFlags.Write,
            Feature = 1,
            SectorCount = 2,
            Command = AtaCommand.WriteExt,
            Lba = 0x060504030201,
        }.Write(frame);
        Assert.Equal("41010234010203040506" + "0000", Convert.ToHexString(frame[AoeHeader.Bytes..]));
    }

    [Fact]
    public void An_answer_goes_back_with_the_tag_and_from_the_targets_own_address()
    {
        var request = AoeHeader.Request(new MacAddress(0xFFFF_FFFF_FFFF), new MacAddress(7), AoeAddress.Broadcast, AoeCommand.QueryConfig, 9);
        var answer = request.Answer(new MacAddress(8), new AoeAddress(3, 4), AoeError.ConfigStringPresent);
        Assert.Equal((new MacAddress(7), new MacAddress(8), 9u), (answer.Destination, answer.Source, answer.Tag));
        Assert.Equal((new AoeAddress(3, 4), AoeFlags.Response | AoeFlags.Error), (answer.Address, answer.Flags));
    }

    [Fact]
    public void Headers_survive_the_wire() =>
        Gen.Select(Mac, Mac, Gen.UShort, Gen.Byte, Gen.UInt, Gen.Byte).Sample((to, from, shelf, slot, tag, command) =>
        {
            var frame = new byte[AoeHeader.Bytes];
            var header = AoeHeader.Request(to, from, new AoeAddress(shelf, slot), (AoeCommand)command, tag);
            header.Write(frame);
            Assert.Equal(MalformedFrame.No, AoeHeader.TryRead(frame, out var read));
            Assert.Equal(header, read);
        });

    [Fact]
    public void Ata_sections_survive_the_wire() =>
        Gen.Select(Gen.Byte, Gen.Byte, Gen.Byte, Gen.Long[0, (1L << 48) - 1]).Sample((feature, count, command, lba) =>
        {
            var frame = new byte[AtaSection.DataAt];
            var section = new AtaSection { Feature = feature, SectorCount = count, Command = command, Lba = lba };
            section.Write(frame);
            Assert.Equal(MalformedFrame.No, AtaSection.TryRead(frame, out var read));
            Assert.Equal(section, read);
        });

    [Fact]
    public void Lists_survive_the_wire() =>
        Gen.Select(Mac.Array[0, 255], Gen.Byte[0, 2]).Sample((macs, command) =>
        {
            var frame = new byte[2100];
            var length = ReserveSection.Write(frame, (ReserveCommand)command, macs);
            Assert.Equal(MalformedFrame.No, ReserveSection.TryRead(frame.AsSpan(0, length), out var reserve));
            Assert.Equal((ReserveCommand)command, reserve.Command);
            Assert.Equal(macs.Length, reserve.Count);
            for (var i = 0; i < macs.Length; i++) Assert.Equal(macs[i], reserve[i]);

            var directives = macs.Select(m => new MaskDirective(MaskChange.Delete, m)).ToArray();
            length = MaskSection.Write(frame, MaskCommand.Edit, MaskError.ListFull, directives);
            Assert.Equal(MalformedFrame.No, MaskSection.TryRead(frame.AsSpan(0, length), out var mask));
            Assert.Equal((MaskCommand.Edit, MaskError.ListFull, macs.Length), (mask.Command, mask.Error, mask.Count));
            for (var i = 0; i < macs.Length; i++) Assert.Equal(directives[i], mask[i]);
        }, iter: 200);

    [Fact]
    public void Config_survives_the_wire() =>
        Gen.Select(Gen.Byte.Array[0, ConfigSection.LongestString], Gen.UShort, Gen.Byte, Gen.Byte[0, 4]).Sample((text, buffers, sectors, command) =>
        {
            var frame = new byte[1100];
            var section = new ConfigSection { BufferCount = buffers, SectorsPerFrame = sectors, Command = (ConfigCommand)command, String = text };
            section.Write(frame);
            Assert.Equal(MalformedFrame.No, ConfigSection.TryRead(frame.AsSpan(0, section.FrameBytes), out var read));
            Assert.Equal((buffers, sectors, (ConfigCommand)command), (read.BufferCount, read.SectorsPerFrame, read.Command));
            Assert.True(read.String.SequenceEqual(text));
        }, iter: 200);

    [Fact]
    public void Any_bytes_give_a_reason_and_no_exception() =>
        Gen.Byte.Array[0, 120].Sample(bytes =>
        {
            _ = AoeHeader.TryRead(bytes, out _);
            _ = AtaSection.TryRead(bytes, out _);
            if (ConfigSection.TryRead(bytes, out var config) == MalformedFrame.No) Assert.True(config.FrameBytes <= bytes.Length);
            if (MaskSection.TryRead(bytes, out var mask) == MalformedFrame.No)
                for (var i = 0; i < mask.Count; i++) _ = mask[i];
            if (ReserveSection.TryRead(bytes, out var reserve) == MalformedFrame.No)
                for (var i = 0; i < reserve.Count; i++) _ = reserve[i];
        }, iter: 100_000);

    [Fact]
    public void Promises_beyond_the_frame_are_named()
    {
        var frame = new byte[AoeHeader.Bytes + 8];
        Assert.Equal(MalformedFrame.ForeignEtherType, AoeHeader.TryRead(frame, out _));
        Assert.Equal(MalformedFrame.TooShort, AoeHeader.TryRead(frame.AsSpan(0, 23), out _));
        Assert.Equal(MalformedFrame.TooShort, AtaSection.TryRead(frame, out _));
        frame[31] = 1;
        Assert.Equal(MalformedFrame.BadStringLength, ConfigSection.TryRead(frame, out _));
        frame[25] = 2;
        Assert.Equal(MalformedFrame.TruncatedList, ReserveSection.TryRead(frame, out _));
        frame[27] = 1;
        Assert.Equal(MalformedFrame.TruncatedList, MaskSection.TryRead(frame, out _));
    }

    [Theory]
    [InlineData(1500, 2)]
    [InlineData(9000, 17)]
    [InlineData(500, 0)]
    [InlineData(200_000, 255)]
    public void Sectors_follow_the_mtu(int mtu, int sectors) => Assert.Equal(sectors, AoeProtocol.SectorsPerFrame(mtu));

    [Theory]
    [InlineData("e0.0", true)]
    [InlineData("12.3", true)]
    [InlineData("e4094.254", true)]
    [InlineData("e4095.0", false)]
    [InlineData("e0.255", false)]
    [InlineData("e0", false)]
    [InlineData("e-1.0", false)]
    [InlineData("", false)]
    public void Addresses_are_read(string text, bool good) => Assert.Equal(good, AoeAddress.TryParse(text, out _));

    [Fact]
    public void Tags_carry_the_session_and_those_of_the_kernel_carry_none() =>
        Gen.Select(Gen.Int[0, FrameTag.LastSession], Gen.UInt[0, FrameTag.SequenceMask], Gen.UInt[0, 0x7FFF_FFFF]).Sample((session, sequence, kernel) =>
        {
            var tag = new FrameTag(session, sequence);
            Assert.Equal((session, sequence, 1u), (tag.Session, tag.Sequence, tag.Value >> 31));
            Assert.Equal(0, new FrameTag(kernel).Session);
        });

    [Fact]
    public void Identities_survive_and_add_up()
    {
        var identity = new AtaIdentity
        {
            Sectors = 0x1_2345_6789,
            Serial = "e0.0",
            Firmware = "1",
            Model = "Godwit AoE disk",
            WriteCache = true,
            Godwit = new GodwitWords(FenceStanding.Writer, 77, TargetBench.BootId),
        };
        var data = new byte[AtaIdentity.Bytes];
        identity.Write(data);
        Assert.True(AtaIdentity.TryRead(data, out var read));
        Assert.Equal(identity, read);
        Assert.Equal(0, data.Sum(b => b) % 256);
    }
}
