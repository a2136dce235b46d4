using System.Net.Sockets;
using System.Text;

namespace Godwit.Daemon.Tests;

public sealed class ServiceManagerTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_is_told_on_the_socket_that_it_names(bool isAbstract)
    {
        var directory = Directory.CreateTempSubdirectory("gwn").FullName;
        try
        {
            var path = Path.Combine(directory, "notify");
            using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
            manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + path : path));
            ServiceManager.Tell("READY=1", isAbstract ? '@' + path : path);
            var said = new byte[64];
            Assert.Equal("READY=1", Encoding.ASCII.GetString(said, 0, manager.Receive(said)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_one_nothing_is_said(string? address) => ServiceManager.Tell("READY=1", address);
}
