namespace Godwit.Storage.Images.Guests;

/// <summary>A file that belongs to one guest.</summary>
/// <param name="Path">Where it is in the guest; its directory is there.</param>
/// <param name="Content">What is in it.</param>
/// <param name="Mode">Who may do what with it; it is root's.</param>
public sealed record GuestFile(string Path, string Content, UnixFileMode Mode = GuestFile.Readable)
{
    public const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode Readable = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
}
