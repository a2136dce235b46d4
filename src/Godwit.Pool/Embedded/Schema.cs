namespace Godwit.Pool.Embedded;

/// <summary>
/// The registry's tables. A record is one JSON document: it is only ever read and written whole, and the revision
/// beside it is what every change is judged by.
/// </summary>
internal static class Schema
{
    public const string Create = """
        CREATE TABLE IF NOT EXISTS domain (
            name     TEXT PRIMARY KEY,
            revision INTEGER NOT NULL,
            record   TEXT NOT NULL
        ) STRICT;
        CREATE TABLE IF NOT EXISTS host (
            name   TEXT PRIMARY KEY,
            record TEXT NOT NULL
        ) STRICT;
        CREATE TABLE IF NOT EXISTS volume (
            name   TEXT PRIMARY KEY,
            record TEXT NOT NULL
        ) STRICT;
        CREATE TABLE IF NOT EXISTS counter (
            name  TEXT PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT;
        INSERT OR IGNORE INTO counter (name, value) VALUES ('epoch', 0);
        INSERT OR IGNORE INTO counter (name, value) VALUES ('revision', 0);
        """;

    public const string FindDomain = "SELECT record FROM domain WHERE name = $name";

    public const string ListDomains = "SELECT record FROM domain ORDER BY name";

    /// <summary>Revisions come from one counter, so that a domain removed and created again never repeats one.</summary>
    public const string NextRevision = "UPDATE counter SET value = value + 1 WHERE name = 'revision' RETURNING value";

    public const string NextEpoch = "UPDATE counter SET value = value + 1 WHERE name = 'epoch' RETURNING value";

    public const string InsertDomain = """
        INSERT INTO domain (name, revision, record) VALUES ($name, $revision, $record) ON CONFLICT (name) DO NOTHING
        """;

    public const string UpdateDomain = """
        UPDATE domain SET revision = $revision, record = $record WHERE name = $name AND revision = $expected
        """;

    public const string DeleteDomain = "DELETE FROM domain WHERE name = $name AND revision = $expected";

    public const string ListHosts = "SELECT record FROM host ORDER BY name";

    public const string PutHost = """
        INSERT INTO host (name, record) VALUES ($name, $record)
        ON CONFLICT (name) DO UPDATE SET record = excluded.record WHERE record <> excluded.record
        """;

    public const string ListVolumes = "SELECT record FROM volume ORDER BY name";

    public const string PutVolume = """
        INSERT INTO volume (name, record) VALUES ($name, $record)
        ON CONFLICT (name) DO UPDATE SET record = excluded.record WHERE record <> excluded.record
        """;
}
