namespace Godwit.Storage.Tests;

internal static class Epochs
{
    /// <summary>A pool's counter that nobody is to ask.</summary>
    public static readonly Func<CancellationToken, Task<long>> None = _ => throw new NotSupportedException("No group is to be changed.");
}
