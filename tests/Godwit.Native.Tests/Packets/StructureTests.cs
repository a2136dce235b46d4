using System.Runtime.CompilerServices;
using Godwit.Native.Packets;

namespace Godwit.Native.Tests.Packets;

/// <summary>Sizes as sizeof gives them with the headers of a 64-bit Linux.</summary>
public class StructureTests
{
    [Fact]
    public void Structures_have_the_kernels_sizes()
    {
        Assert.Equal(20, Unsafe.SizeOf<SockaddrLl>());
        Assert.Equal(16, Unsafe.SizeOf<IoVector>());
        Assert.Equal(56, Unsafe.SizeOf<MsgHdr>());
        Assert.Equal(64, Unsafe.SizeOf<MMsgHdr>());
        Assert.Equal(16, Unsafe.SizeOf<SockFprog>());
        Assert.Equal(8, Unsafe.SizeOf<BpfInstruction>());
        Assert.Equal(8, Unsafe.SizeOf<PollFd>());
        Assert.Equal(40, Unsafe.SizeOf<IfReq>());
    }
}
