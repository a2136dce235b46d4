using System.Runtime.CompilerServices;
using Godwit.Pool.Embedded;
using Godwit.Pool.Journal;
using Microsoft.Data.Sqlite;

namespace Godwit.Pool.Tests;

/// <summary>
/// SQLite's own limit of a database's pages: a write that needs one more fails as on a full disk (SQLITE_FULL). It is a matter
/// of the connection.
/// </summary>
internal static class FullDisk
{
    public static void Fill(SqliteJournal journal) => Limit(Connection(journal));

    public static void Fill(SqliteRegistry registry) => Limit(Connection(registry));

    public static void MakeRoom(SqliteJournal journal) => Pragma(Connection(journal), "max_page_count = 1000000");

    public static void MakeRoom(SqliteRegistry registry) => Pragma(Connection(registry), "max_page_count = 1000000");

    private static void Limit(SqliteConnection connection) => Pragma(connection, $"max_page_count = {Pragma(connection, "page_count")}");

    private static long Pragma(SqliteConnection connection, string pragma)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA " + pragma;
        return (long)command.ExecuteScalar()!;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_connection")]
    private static extern ref SqliteConnection Connection(SqliteJournal journal);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_connection")]
    private static extern ref SqliteConnection Connection(SqliteRegistry registry);
}
