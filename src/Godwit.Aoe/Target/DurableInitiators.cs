using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>
/// Who has turned off the write cache that an export gives to all, by address and program. None is forgotten while the target runs,
/// unlike those of <see cref="InitiatorTable"/>: he would lose what he relies on.
/// </summary>
internal sealed class DurableInitiators
{
    private const int Most = 1024;
    private readonly HashSet<(MacAddress Source, int Program)> _initiators = [];

    public bool Contains(in AoeHeader header) => _initiators.Count > 0 && _initiators.Contains(Key(header));

    /// <returns>False where there are too many, and his writes will not be durable before they are answered.</returns>
    public bool TryAdd(in AoeHeader header) => _initiators.Contains(Key(header)) || (_initiators.Count < Most && _initiators.Add(Key(header)));

    public void Remove(in AoeHeader header) => _initiators.Remove(Key(header));

    private static (MacAddress, int) Key(in AoeHeader header) => (header.Source, new FrameTag(header.Tag).Program);
}
