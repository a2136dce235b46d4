using Godwit.Domains;
using Godwit.Hypervisors;

namespace Godwit.Host;

/// <content>What the running guest has of memory and processors.</content>
internal sealed partial class DomainTask
{
    // First the engine, then the record: what the engine refuses is not recorded, and what the record does not take is undone.
    // A daemon that dies in between has told nobody that it was done; the next one brings the engine back to the record.
    private async Task CarryOutAsync(HardwareChange change, CancellationToken token)
    {
        if (!_parts.Hypervisor.Facts.Resizes)
            throw HypervisorErrors.CannotResize(Name, _parts.Hypervisor.Facts.Engine);
        await AllowedAsync(DomainRequest.Resize, token);
        var (spec, epoch) = (_domain.Record.Spec, Epoch);
        change.Check(spec);
        if (change is HardwareChange.Memory memory)
            await CheckAvailableAsync(memory.MiB - spec.MemoryMiB, token);
        await change.TellAsync(_domain.Copy, token);
        var record = await _parts.Records.ChangeAsync(
            Name,
            r => r.Owner == _parts.Name && r.Epoch == epoch && change.IsIn(r.Spec),
            r => change.Record(r, _parts.Name, epoch),
            token);
        if (record is null)
        {
            var taken = TakenMeanwhile();
            await change.BackTo(spec).TellAsync(_domain.Copy, token);
            throw taken;
        }
        _domain = _domain with { Record = record };
    }

    private async Task CheckAvailableAsync(int more, CancellationToken token)
    {
        if (more <= 0)
            return;
        var available = await _parts.Resources.AskAvailableMemoryMiBAsync(more, token);
        if (more > available)
        {
            throw new GodwitException(
                "not-enough-memory",
                $"{Name} wants {more} MiB more; {_parts.Name} has {available} MiB to give.",
                $"Move {Name}, or another domain, away from there first, or take less.");
        }
    }

    // What fails stays as it is until the next daemon, or the next change.
    private async Task KeepSizeAsync(CancellationToken token)
    {
        var (has, due) = (_domain.Copy.Order.Spec, _domain.Record.Spec);
        if (HasEnded || !_parts.Hypervisor.Facts.Resizes)
            return;
        try
        {
            if (has.MemoryMiB != due.MemoryMiB)
                await _domain.Copy.SetMemoryAsync(due.MemoryMiB, token);
            if (has.VirtualCpus != due.VirtualCpus)
                await _domain.Copy.SetVirtualCpusAsync(due.VirtualCpus, token);
        }
        catch (Exception e) when (Failure.IsForeseen(e, token))
        {
            Log.NotResized(_log, Name, e);
        }
    }
}
