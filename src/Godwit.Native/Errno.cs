namespace Godwit.Native;

/// <summary>The numbers of errno(3) that something here is decided by; the same on x86-64 and arm64.</summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENXIO = 6;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int ESRCH = 3;
    public const int EAGAIN = 11;
    public const int ENOSYS = 38;
    public const int EOPNOTSUPP = 95;
    public const int EFAULT = 14;
    public const int EXDEV = 18;
    public const int ENODEV = 19;
    public const int ENOTTY = 25;
    public const int EINVAL = 22;
    public const int ENOSPC = 28;
    public const int EMSGSIZE = 90;
    public const int ENETDOWN = 100;
    public const int ENOBUFS = 105;
}
