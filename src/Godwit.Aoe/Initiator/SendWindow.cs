namespace Godwit.Aoe.Initiator;

/// <summary>
/// How many frames may be on their way: one after a loss, then doubling with each round of answers up to half of what
/// it was, then one more a round, up to the limit.
/// </summary>
internal sealed class SendWindow(int limit)
{
    private int _limit = limit;
    private int _threshold = limit;
    private int _answers;

    public int Size { get; private set; } = limit;

    public void SetLimit(int limit)
    {
        _limit = Math.Max(limit, 1);
        _threshold = _limit;
        Size = Math.Min(Size, _limit);
    }

    public void Answered()
    {
        if (Size >= _limit) return;
        if (Size < _threshold)
        {
            Size++;
        }
        else if (++_answers >= Size)
        {
            _answers = 0;
            Size++;
        }
    }

    public void Lost()
    {
        _threshold = Math.Max(Size / 2, 1);
        _answers = 0;
        Size = 1;
    }
}
