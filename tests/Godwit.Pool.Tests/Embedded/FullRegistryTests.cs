using System.Globalization;
using Godwit.Domains;
using Godwit.Pool.Embedded;

namespace Godwit.Pool.Tests.Embedded;

public sealed class FullRegistryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-full-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Database => Path.Combine(_folder, "registry.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task AFullDiskIsToldWithItsRemedyAndNoChangeIsHalfMade()
    {
        DomainRecord first;
        int created;
        using (var registry = SqliteRegistry.Open(Database))
        {
            first = (await CreateAsync(registry, 0)).Current!;
            FullDisk.Fill(registry);
            (var refused, created) = await CreateUntilRefusedAsync(registry);
            AssertTold(refused);

            // The refused one is not there, nor has it taken a revision with it.
            Assert.Null(await registry.FindAsync(Name(created), Token));
            var last = (await registry.FindAsync(Name(created - 1), Token))!;
            Assert.Equal(last.Revision, await registry.ProbeAsync(Token));
            // A change that needs more room than there is leaves the record as it was, and its epoch.
            AssertTold(await Assert.ThrowsAsync<GodwitException>(
                () => registry.CompareAndSetAsync(first with { Owner = "b", Spec = Long(first.Spec) }, first.Revision, drawEpoch: true, Token)));
            var same = (await registry.FindAsync(first.Name, Token))!;
            Assert.Equal(("a", first.Epoch, first.Revision), (same.Owner, same.Epoch, same.Revision));

            FullDisk.MakeRoom(registry);
            var now = await registry.CompareAndSetAsync(same with { Owner = "b" }, same.Revision, drawEpoch: true, Token);
            Assert.True(now.Won && now.Current!.Epoch > last.Epoch && now.Current.Revision > last.Revision);
        }
        using (var registry = SqliteRegistry.Open(Database))
        {
            Assert.Equal(created, (await registry.ListAsync(Token)).Length);
            Assert.Equal("b", (await registry.FindAsync(first.Name, Token))!.Owner);
        }
    }

    private static void AssertTold(GodwitException refused)
    {
        Assert.Equal(RegistryErrors.Unavailable, refused.Code);
        Assert.Contains("full", refused.Message);
        Assert.Equal("See that its disk has room and is not read-only.", refused.Remedy);
    }

    private static async Task<(GodwitException Refused, int Created)> CreateUntilRefusedAsync(SqliteRegistry registry)
    {
        for (var number = 1; ; number++)
        {
            try
            {
                Assert.True((await CreateAsync(registry, number)).Won);
            }
            catch (GodwitException e)
            {
                return (e, number);
            }
        }
    }

    private static Task<CompareAndSetResult> CreateAsync(SqliteRegistry registry, int number) =>
        registry.CompareAndSetAsync(Records.New(Name(number)), 0, drawEpoch: true, Token);

    private static DomainSpec Long(DomainSpec spec) => spec with { CommandLine = new string('x', 100_000) };

    private static string Name(int number) => "vm" + number.ToString("0000", CultureInfo.InvariantCulture);
}
