using System.Globalization;
using System.Text;

namespace Godwit.Storage.Images;

/// <summary>Writes an archive in the form in which Linux takes its initial ramdisk.</summary>
/// <code>
/// Linux Documentation/driver-api/early-userspace/buffer-format.rst, "newc": ASCII, numbers as 8 hex digits
///    0  "070701"        38  nlink           78  rdevmajor
///    6  inode           46  mtime           86  rdevminor
///   14  mode            54  filesize        94  namesize, with the zero at its end
///   22  uid             62  devmajor       102  checksum, 0
///   30  gid             70  devminor       110  name, zero, padding to 4; then the data, padding to 4
/// The archive ends with an entry of the name TRAILER!!!
/// </code>
internal sealed class CpioWriter(Stream output)
{
    private const int RegularFile = 0x8000;
    private const int DirectoryType = 0x4000;
    private const int SymbolicLink = 0xA000;
    private const int CharacterDevice = 0x2000;
    private int _inode;

    public void AddDirectory(string name) => Add(name, DirectoryType | 0x1ED, []);

    public void AddFile(string name, byte[] content, bool executable = false) =>
        Add(name, RegularFile | (executable ? 0x1ED : 0x1A4), content);

    public void AddLink(string name, string target) => Add(name, SymbolicLink | 0x1FF, Encoding.UTF8.GetBytes(target));

    public void AddCharacterDevice(string name, int major, int minor) =>
        Add(name, CharacterDevice | 0x180, [], major, minor);

    /// <summary>Nothing may be added after this.</summary>
    public void End() => Add("TRAILER!!!", 0, []);

    private void Add(string name, int mode, byte[] content, int major = 0, int minor = 0)
    {
        var path = Encoding.UTF8.GetBytes(name + "\0");
        // inode, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, checksum
        ReadOnlySpan<int> fields = [++_inode, mode, 0, 0, 1, 0, content.Length, 0, 0, major, minor, path.Length, 0];
        var header = new StringBuilder("070701", 110);
        foreach (var field in fields) header.Append(field.ToString("x8", CultureInfo.InvariantCulture));
        output.Write(Encoding.ASCII.GetBytes(header.ToString()));
        output.Write(path);
        Pad(header.Length + path.Length);
        output.Write(content);
        Pad(content.Length);
    }

    private void Pad(int length) => output.Write("\0\0\0"u8[..((4 - length % 4) % 4)]);
}
