using System.Diagnostics;
using Godwit.Native.Files;

namespace Godwit.AoeBench;

/// <summary>What one write of 4 KiB and its fdatasync cost on the file system of the served file, with nothing around it.</summary>
internal static class SyncLatency
{
    public static double MedianMicroseconds(string file)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var (data, places) = (new byte[4096], RandomAccess.GetLength(handle) / 4096);
        List<double> times = [];
        for (var i = 0; i < 200; i++)
        {
            RandomAccess.Write(handle, data, Random.Shared.NextInt64(places) * 4096);
            var began = Stopwatch.GetTimestamp();
            StableStorage.Sync(handle);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
        }
        return Measured.Median(times);
    }
}
