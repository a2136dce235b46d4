using Godwit.Api;

namespace Godwit.Cli.Migrations;

/// <summary>Shows a relocation while it goes on.</summary>
internal interface IMigrationView
{
    /// <summary>Shows events as they come, to the last.</summary>
    Task FollowAsync(IAsyncEnumerable<MigrationEvent> events);
}
