namespace Godwit.Relocation.Protocol;

/// <summary>
/// First byte of a frame. Kept apart from the message types, so that renaming one does not change the wire. Zero
/// is never valid: a run of zeroes is not a message.
/// </summary>
internal enum MessageTag : byte
{
    Hello = 1,
    Welcome = 2,
    Refused = 3,
    ClockQuestion = 4,
    ClockAnswer = 5,
    BootFile = 6,
    FileBytes = 7,
    Prepare = 8,
    Prepared = 9,
    EngineBytes = 10,
    EngineEnd = 11,
    Stopping = 12,
    Handover = 13,
    Running = 14,
    GaveBack = 15,
    Failed = 16,
    Frames = 17,
    EngineZeros = 18,
}
