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
        CREATE TABLE IF NOT EXISTS lost (
            first INTEGER NOT NULL,
            last  INTEGER
        ) STRICT;
        CREATE TABLE IF NOT EXISTS removed (
            name     TEXT PRIMARY KEY,
            revision INTEGER NOT NULL
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

    public const string PutDomain = """
        INSERT INTO domain (name, revision, record) VALUES ($name, $revision, $record)
        ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, record = excluded.record
        """;

    public const string RemoveDomain = "DELETE FROM domain WHERE name = $name AND revision <= $revision";

    /// <summary>A removal that a host has reported: a memory of the domain from before it is no news, whoever reports it.</summary>
    public const string NoteRemoved = """
        INSERT INTO removed (name, revision) VALUES ($name, $revision)
        ON CONFLICT (name) DO UPDATE SET revision = max(revision, excluded.revision)
        """;

    public const string WasRemoved = "SELECT count(*) FROM removed WHERE name = $name AND revision >= $revision";

    public const string Revision = "SELECT value FROM counter WHERE name = 'revision'";

    public const string Epoch = "SELECT value FROM counter WHERE name = 'epoch'";

    public const string RaiseRevision = "UPDATE counter SET value = max(value, $value) WHERE name = 'revision'";

    public const string RaiseEpoch = "UPDATE counter SET value = max(value, $value) WHERE name = 'epoch'";

    /// <summary>Revisions that were given out by a registry that was lost; the last range is open while it is behind.</summary>
    public const string OpenLostRange = """
        INSERT INTO lost (first, last)
        SELECT value + 1, NULL FROM counter WHERE name = 'revision' AND NOT EXISTS (SELECT 1 FROM lost WHERE last IS NULL)
        """;

    public const string CloseLostRange = "UPDATE lost SET last = (SELECT value FROM counter WHERE name = 'revision') WHERE last IS NULL";

    public const string IsBehind = "SELECT count(*) FROM lost WHERE last IS NULL";

    public const string IsLost = "SELECT count(*) FROM lost WHERE first <= $revision AND (last IS NULL OR last >= $revision)";

    public const string HasLost = "SELECT count(*) FROM lost";

    public const string SkipUnseen = "UPDATE counter SET value = value + $value";

    public const string ListHosts = "SELECT record FROM host ORDER BY name";

    public const string PutHost = """
        INSERT INTO host (name, record) VALUES ($name, $record)
        ON CONFLICT (name) DO UPDATE SET record = excluded.record WHERE record <> excluded.record
        """;

    public const string ListVolumes = "SELECT record FROM volume ORDER BY name";

    // The first host to enter a name has it.
    public const string PutVolume = """
        INSERT INTO volume (name, record) VALUES ($name, $record)
        ON CONFLICT (name) DO UPDATE SET record = excluded.record
        WHERE record <> excluded.record AND record ->> '$.storageHost' = excluded.record ->> '$.storageHost'
        """;

    public const string DeleteVolume = "DELETE FROM volume WHERE name = $name AND record ->> '$.storageHost' = $host";
}
