using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Serialization;

namespace Godwit.Relocation.Protocol;

/// <summary>What the two sides of a relocation say to each other. How it looks on the wire is the codec's matter.</summary>
public abstract record RelocationMessage
{
    private RelocationMessage()
    {
    }

    /// <summary>Source, first: who I am, which versions I speak, what I offer.</summary>
    public sealed record Hello(int LowestVersion, int HighestVersion, RelocationOffer Offer) : RelocationMessage;

    /// <summary>Destination: I would take it, in this version; these boot files I do not have.</summary>
    public sealed record Welcome(int Version, ImmutableArray<string> MissingBootFiles) : RelocationMessage;

    /// <summary>Destination: I will not take it. Nothing was changed.</summary>
    public sealed record Refused(string Reason, string? Remedy) : RelocationMessage;

    /// <summary>Source: what does your clock say?</summary>
    public sealed record ClockQuestion(int Number) : RelocationMessage;

    public sealed record ClockAnswer(int Number, DateTimeOffset Now) : RelocationMessage;

    /// <summary>Source: a boot file follows as so many bytes of <see cref="FileBytes"/>.</summary>
    public sealed record BootFile(string Digest, long Length) : RelocationMessage;

    /// <summary>Bytes of the boot file announced last. The memory is borrowed.</summary>
    public sealed record FileBytes(ReadOnlyMemory<byte> Bytes) : RelocationMessage;

    /// <summary>Source: my intent is in the registry; prepare.</summary>
    public sealed record Prepare : RelocationMessage;

    /// <summary>Destination: disks attached, an empty receiver waits.</summary>
    public sealed record Prepared : RelocationMessage;

    /// <summary>The engine's own bytes, either way. The memory is borrowed.</summary>
    public sealed record EngineBytes(ReadOnlyMemory<byte> Bytes) : RelocationMessage;

    /// <summary>So many zeros, at most <see cref="MessageCodec.MaxBulkLength"/>, in place of <see cref="EngineBytes"/>. Since version 3.</summary>
    public sealed record EngineZeros(int Length) : RelocationMessage;

    /// <summary>The engine of the sender has nothing more to say.</summary>
    public sealed record EngineEnd : RelocationMessage;

    /// <summary>Source: the guest is stopped. Draw its frames to you; these are its addresses, by interface.</summary>
    public sealed record Stopping(ImmutableArray<ImmutableArray<IPAddress>> Addresses) : RelocationMessage;

    /// <summary>Source: my copy is held and cannot run by itself. Without this nobody commits.</summary>
    public sealed record Handover : RelocationMessage;

    /// <summary>Source: these came for the guest while it stood still, by interface; give them to it. None of them matters to the move.</summary>
    public sealed record Frames(ImmutableArray<ImmutableArray<byte[]>> Ports) : RelocationMessage;

    /// <summary>Destination: the domain runs here.</summary>
    public sealed record Running(long Epoch, ArrivalTimes Times) : RelocationMessage;

    /// <summary>Destination: I had the domain, never ran it, and the record names you again.</summary>
    public sealed record GaveBack(string Reason) : RelocationMessage;

    /// <summary>Either side, before Handover: it ends here, I undo what I did.</summary>
    /// <param name="Reason">For a person.</param>
    /// <param name="Remedy">What to do about it.</param>
    /// <param name="Step">The step in which a destination failed. Since version 2.</param>
    public sealed record Failed(
        string Reason,
        string? Remedy,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RelocationStep? Step = null) : RelocationMessage;
}

/// <summary>Time stamps of the destination's part of the downtime, by the destination's clock.</summary>
public sealed record ArrivalTimes(
    DateTimeOffset HandoverReceived,
    DateTimeOffset CommitEnded,
    DateTimeOffset FenceEnded,
    DateTimeOffset Resumed);
