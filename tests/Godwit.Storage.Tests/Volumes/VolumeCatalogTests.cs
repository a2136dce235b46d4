using Godwit.Domains;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Tests.Volumes;

public sealed class VolumeCatalogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private VolumeCatalog Open() => new(_directory.File("volumes.json"));

    private static VolumeName Name(int number) => new("vg", $"v{number}");

    [Fact]
    public void Addresses_stay_with_their_volumes_when_the_file_is_read_again()
    {
        var catalog = Open();
        for (var i = 0; i < 4; i++)
            catalog.Add(Name(i), 512 * (i + 1));
        catalog.Remove(Name(1));
        var again = Open();
        Assert.Equal(catalog.Entries.AsEnumerable(), again.Entries.AsEnumerable());
        Assert.Equal(
            [new CatalogEntry(Name(0), 512, 0, 0), new CatalogEntry(Name(2), 1536, 0, 2), new CatalogEntry(Name(3), 2048, 0, 3)],
            again.Entries.AsEnumerable());
    }

    [Fact]
    public void An_address_that_another_storage_host_has_is_not_given()
    {
        var catalog = Open();
        Assert.Equal(1, catalog.Add(Name(0), 512, others: [(0, 0), (0, 2)]).Slot);
        Assert.Equal(3, catalog.Add(Name(1), 512, others: [(0, 0), (0, 2)]).Slot);
    }

    [Fact]
    public void The_lowest_free_address_is_given()
    {
        var catalog = Open();
        for (var i = 0; i < 3; i++)
            catalog.Add(Name(i), 512);
        catalog.Remove(Name(1));
        Assert.Equal((0, 1), (catalog.Add(Name(9), 512).Shelf, catalog.Find(Name(9))!.Slot));
        Assert.Equal(3, catalog.Add(Name(10), 512).Slot);
    }

    [Fact]
    public void An_address_that_was_used_is_not_given_again()
    {
        var catalog = Open();
        catalog.Add(Name(0), 512);
        catalog.Add(Name(1), 512);
        catalog.Retire(Name(0));
        Assert.Null(catalog.Find(Name(0)));
        Assert.Equal(Name(1), Assert.Single(Open().Entries).Name);
        var again = Open().Add(Name(0), 512);
        Assert.Equal((0, 2), (again.Shelf, again.Slot));
        Assert.Equal(again, Open().Find(Name(0)));
    }

    [Fact]
    public void Slot_255_is_for_broadcasts_and_never_given()
    {
        var catalog = Open();
        for (var i = 0; i < 256; i++)
            catalog.Add(Name(i), 512);
        Assert.Equal((0, 254), Address(254));
        Assert.Equal((1, 0), Address(255));

        (int, int) Address(int number) => (catalog.Find(Name(number))!.Shelf, catalog.Find(Name(number))!.Slot);
    }

    [Fact]
    public void A_name_is_given_once()
    {
        var catalog = Open();
        catalog.Add(Name(1), 512);
        Assert.Equal(StorageErrors.VolumeExists, Assert.Throws<GodwitException>(() => catalog.Add(Name(1), 1024)).Code);
        Assert.Equal(512, Assert.Single(Open().Entries).SizeBytes);
    }

    [Fact]
    public void Adding_at_once_gives_each_its_own_address()
    {
        var catalog = Open();
        Parallel.For(0, 32, i => catalog.Add(Name(i), 512));
        Assert.Equal(Enumerable.Range(0, 32), Open().Entries.Select(entry => entry.Slot).Order());
    }

    [Fact]
    public void A_change_that_cannot_be_saved_does_not_count()
    {
        var catalog = new VolumeCatalog(_directory.File("no-such-directory/volumes.json"));
        Assert.ThrowsAny<Exception>(() => catalog.Add(Name(1), 512));
        Assert.Empty(catalog.Entries);
    }
}
