namespace Godwit.Relocation.Channel;

/// <summary>Name of the relocation protocol in TLS's application-layer protocol negotiation (RFC 7301).</summary>
public static class ChannelProtocol
{
    public const string Alpn = "godwit-relocation/1";
}
