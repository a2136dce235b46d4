namespace Godwit.Aoe.Fuzz;

/// <summary>Sectors with a writer of their own, as the model knows them.</summary>
internal sealed class ModelRange(long first, long count, bool rest)
{
    public long First => first;

    public long Count => count;

    /// <summary>Its writer writes what lies in no range as well.</summary>
    public bool Rest => rest;

    public long Epoch { get; set; }

    /// <summary>Session of the writer; 0 for nobody.</summary>
    public int Writer { get; set; }

    /// <summary>Sessions whose reads are refused here.</summary>
    public HashSet<int> Barred { get; } = [];

    public bool Has(long sector) => sector >= first && sector < first + count;
}
