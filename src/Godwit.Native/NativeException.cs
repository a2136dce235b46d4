using System.Runtime.InteropServices;

namespace Godwit.Native;

/// <summary>A system call that failed: which one, on what, and the kernel's reason.</summary>
public sealed class NativeException(string operation, int errno)
    : IOException($"{operation}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    /// <summary>The number of errno(3).</summary>
    public int Errno { get; } = errno;

    /// <summary>The failure of the call that this thread made last.</summary>
    public static NativeException Last(string operation) => new(operation, Marshal.GetLastPInvokeError());
}
