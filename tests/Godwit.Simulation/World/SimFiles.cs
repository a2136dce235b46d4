using System.Buffers.Binary;

namespace Godwit.Simulation.World;

/// <summary>
/// A SQLite database in files, as it ships, on a machine that may lose its power: what was synced is there, and behind it
/// may stand a part of what was just being written.
/// </summary>
internal sealed class SimFiles : IDisposable
{
    // The write-ahead log: SQLite, "WAL File Format". A header with two salts, and frames with a header that repeats them,
    // its checksums and a page.
    private const int HeaderLength = 32;
    private const int PageSizeOffset = 8;
    private const int SaltsOffset = 16;
    private const int FrameHeaderLength = 24;
    private const int FrameSaltsOffset = 8;
    private const int FrameChecksumsOffset = 16;
    private const int SaltsLength = 8;

    /// <summary>In memory where the system has such a place: what counts is what SQLite makes of the files.</summary>
    private static readonly string Place = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
    private static int s_last;
    private readonly string _directory = Directory.CreateDirectory(
        Path.Combine(Place, FormattableString.Invariant($"godwit-sim-{Environment.ProcessId}-{Interlocked.Increment(ref s_last)}"))).FullName;
    private int _life;

    /// <summary>Another one after each loss.</summary>
    public string DatabasePath => Path.Combine(_directory, FormattableString.Invariant($"{_life}.db"));

    /// <summary>To be called while the database is open: nobody has the time to close it.</summary>
    public void LosePower(Random random)
    {
        var before = DatabasePath;
        _life++;
        File.Copy(before, DatabasePath);
        if (!File.Exists(LogOf(before)))
            return;
        var log = File.ReadAllBytes(LogOf(before));
        File.WriteAllBytes(LogOf(DatabasePath), log.Length < HeaderLength || random.Next(2) == 0 ? log : Tear(log, random));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string LogOf(string database) => database + "-wal";

    // A frame was under way: a part of it is there, or all of it with a page that does not fit its checksums.
    private static byte[] Tear(byte[] log, Random random)
    {
        var salts = log.AsSpan(SaltsOffset, SaltsLength).ToArray();
        var frameLength = FrameHeaderLength + BinaryPrimitives.ReadInt32BigEndian(log.AsSpan(PageSizeOffset));
        var end = HeaderLength;
        // Frames of an earlier turn of the log have other salts.
        while (end + frameLength <= log.Length && log.AsSpan(end + FrameSaltsOffset, SaltsLength).SequenceEqual(salts))
            end += frameLength;
        var torn = new byte[random.Next(1, frameLength + 1)];
        random.NextBytes(torn);
        if (torn.Length >= FrameChecksumsOffset)
        {
            // A commit of the first page.
            BinaryPrimitives.WriteInt32BigEndian(torn, 1);
            BinaryPrimitives.WriteInt32BigEndian(torn.AsSpan(sizeof(int)), 1);
            salts.CopyTo(torn, FrameSaltsOffset);
        }
        var after = new byte[Math.Max(log.Length, end + torn.Length)];
        log.CopyTo(after, 0);
        torn.CopyTo(after, end);
        return after;
    }
}
