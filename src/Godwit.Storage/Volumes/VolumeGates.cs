using Godwit.Domains;

namespace Godwit.Storage.Volumes;

/// <summary>
/// What may be done with a volume at the same time. Nobody waits: what cannot be done now is refused as busy.
/// <code>
///              change  start  copy  look  admit
///   change       -       -      -     -     +      its size, its coming and going: a deletion looks for hosts at its end
///   start        -       -      +     +     +      of its export
///   copy         -       +      +     +     -      of its data, for as long as it takes: nobody may begin to write
///   look         -       +      +     +     +      at its data as they are at one moment
///   admit        +       +      -     +     +      of a host
/// </code>
/// </summary>
internal sealed class VolumeGates
{
    private readonly Dictionary<VolumeName, Use> _uses = [];
    private readonly Lock _lock = new();

    public IDisposable Change(VolumeName name) => Enter(name, "is being changed or copied",
        use => use is { Changes: 0, Starts: 0, Copies: 0, Looks: 0 }, use => use with { Changes = 1 }, use => use with { Changes = 0 });

    /// <summary>The same, not while a host is being admitted.</summary>
    public IDisposable ChangeAlone(VolumeName name) => Enter(name, "is being changed or copied, or a host begins to use it",
        use => use is { Changes: 0, Starts: 0, Copies: 0, Looks: 0, Admissions: 0 }, use => use with { Changes = 1 }, use => use with { Changes = 0 });

    /// <summary>Whether it is being changed at this moment.</summary>
    public bool IsChanging(VolumeName name)
    {
        lock (_lock)
            return _uses.GetValueOrDefault(name).Changes > 0;
    }

    public IDisposable Start(VolumeName name) => Enter(name, "is being changed",
        use => use is { Changes: 0, Starts: 0 }, use => use with { Starts = 1 }, use => use with { Starts = 0 });

    public IDisposable Copy(VolumeName name) => Enter(name, "is being changed, or a host begins to use it",
        use => use is { Changes: 0, Admissions: 0 }, use => use with { Copies = use.Copies + 1 }, use => use with { Copies = use.Copies - 1 });

    public IDisposable Look(VolumeName name) => Enter(name, "is being changed",
        use => use.Changes == 0, use => use with { Looks = use.Looks + 1 }, use => use with { Looks = use.Looks - 1 });

    public IDisposable Admit(VolumeName name) => Enter(name, "is being copied",
        use => use.Copies == 0, use => use with { Admissions = use.Admissions + 1 }, use => use with { Admissions = use.Admissions - 1 });

    private Leaving Enter(VolumeName name, string why, Func<Use, bool> may, Func<Use, Use> enter, Func<Use, Use> leave)
    {
        lock (_lock)
        {
            var use = _uses.GetValueOrDefault(name);
            if (!may(use))
                throw new GodwitException(StorageErrors.VolumeBusy, $"{name} {why}, or its export is being started.", "Try again in some seconds.");
            _uses[name] = enter(use);
        }
        return new Leaving(() =>
        {
            lock (_lock)
            {
                var use = leave(_uses[name]);
                if (use == default)
                    _uses.Remove(name);
                else
                    _uses[name] = use;
            }
        });
    }

    private readonly record struct Use(int Changes, int Starts, int Copies, int Looks, int Admissions);

    private sealed class Leaving(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}
