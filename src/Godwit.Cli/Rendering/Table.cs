namespace Godwit.Cli.Rendering;

/// <summary>
/// Columns as <c>xl</c> aligns them: words to the left, numbers to the right, two blanks between. No borders and no
/// blank cells, so that <c>awk</c> finds every field by its number.
/// </summary>
internal sealed class Table(params Column[] columns)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells)
    {
        if (cells.Length != columns.Length)
            throw new ArgumentException($"{columns.Length} cells make a row here, not {cells.Length}", nameof(cells));
        _rows.Add([.. cells.Select(c => c.Length == 0 ? "-" : c)]);
    }

    public void Write(TextWriter output)
    {
        var widths = columns.Select((column, i) =>
            Math.Max(column.MinWidth, _rows.Select(r => r[i].Length).Append(column.Title.Length).Max())).ToArray();
        WriteRow([.. columns.Select(c => c.Title)]);
        foreach (var row in _rows) WriteRow(row);

        void WriteRow(string[] cells) => output.WriteLine(string.Join("  ", cells.Select((cell, i) =>
            columns[i].IsNumber ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
    }
}

/// <param name="MinWidth">Keeps lists steady while their contents change.</param>
internal readonly record struct Column(string Title, bool IsNumber = false, int MinWidth = 0)
{
    public static implicit operator Column(string title) => new(title);

    public static Column Number(string title, int minWidth = 0) => new(title, true, minWidth);
}
