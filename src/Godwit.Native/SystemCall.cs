using System.Runtime.InteropServices;

namespace Godwit.Native;

/// <summary>The one place that knows what an interrupted call means.</summary>
internal static class SystemCall
{
    /// <summary>Makes a call again for as long as a signal interrupts it.</summary>
    /// <returns>The call's result, which is not negative.</returns>
    /// <exception cref="NativeException">It failed for another reason.</exception>
    public static int Run<T>(string operation, T argument, Func<T, int> call)
    {
        while (true)
        {
            var result = call(argument);
            if (result >= 0) return result;
            var errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR) throw new NativeException(operation, errno);
        }
    }
}
