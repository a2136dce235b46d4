namespace Godwit.Bench;

/// <summary>
/// The guest of one way. All are the same but for name and address: each way has its own, paused while the others move.
/// </summary>
internal sealed record Guest(string Name, int Number)
{
    public string Address => $"10.9.0.10{Number}";

    public string Mac => $"aa:cc:00:00:00:0{Number}";
}
