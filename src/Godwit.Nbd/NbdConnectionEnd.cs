namespace Godwit.Nbd;

/// <summary>Every way in which a connection can end.</summary>
public enum NbdConnectionEnd
{
    /// <summary>The client said that it leaves.</summary>
    Disconnected = 1,

    /// <summary>The client left before it used the device.</summary>
    Aborted,

    /// <summary>The connection closed or broke without a word.</summary>
    Lost,

    /// <summary>The client sent what the protocol does not allow, so that the rest of the stream means nothing.</summary>
    ProtocolViolated,

    /// <summary>The client was told a size that the device no longer has.</summary>
    Outdated,

    /// <summary>The server ends.</summary>
    Stopped,
}
