using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>
/// Linux: mm/oom_kill.c. Differs, as on nommu: memory is taken when it is mapped, so nobody runs out of it later, and whoever asks for much is refused (ENOMEM). Only what Linux's allocator calls no costly order
/// is worth somebody's life: without a page or two nothing goes on.
/// </summary>
internal sealed class OutOfMemoryKiller
{
    /// <summary>Linux: PAGE_ALLOC_COSTLY_ORDER, in pages.</summary>
    private const long MostPages = 8;

    /// <summary>Linux: OOM_SCORE_ADJ_MIN.</summary>
    private const int Exempt = -1000;

    private readonly Lock _lock = new();
    private GuestProcess? _victim;

    /// <summary>Woken when memory has come back.</summary>
    internal WaitQueue Freed { get; } = new();

    /// <summary>Memory was refused: ends the process that has most of it, and waits until it is gone, where so little was asked for.</summary>
    /// <param name="thread">Who asked.</param>
    /// <param name="bytes">For how much.</param>
    /// <returns>True when it is worth asking again.</returns>
    internal bool MakeRoom(GuestThread thread, ulong bytes)
    {
        var account = thread.Machine.Arena.Account;
        var pages = (long)(Arena.PageUp(bytes) / Arena.PageSize);
        if (pages is <= 0 or > MostPages || HasRoom())
            return false;
        thread.PollTable.Add(Freed);
        try
        {
            while (!HasRoom())
            {
                if (FindVictim(thread) is not { } victim || victim == thread.Process || thread.Sleep(-1) != Errno.None)
                    return false;
            }
            return true;
        }
        finally
        {
            thread.PollTable.Clear();
        }

        bool HasRoom() => pages <= account.Limit - account.Used;
    }

    /// <summary>The process that is on its way out, or the one that is chosen and sent there. Linux: <c>out_of_memory</c>.</summary>
    private GuestProcess? FindVictim(GuestThread thread)
    {
        lock (_lock)
        {
            if (_victim is { State: not ProcessState.Zombie })
                return _victim;
            (_victim, var pages) = Choose(thread.Process.Tasks, thread.Machine.Arena.Account.Limit);
            if (_victim is null)
                return null;
            KernelLog.OutOfMemory(thread.Machine.Logger, _victim.Id, System.Text.Encoding.UTF8.GetString(_victim.Name), pages * (long)(Arena.PageSize / 1024), thread.Process.Id);
            _victim.Kill();
            return _victim;
        }
    }

    /// <summary>Linux: <c>oom_badness</c>, in pages: what it has, more or less a share of all there is as oom_score_adj says.</summary>
    internal static long Badness(GuestProcess process, AddressSpace space, long limit) => space.CountCharged() + (process.OomScoreAdjustment * (limit / 1000));

    /// <summary>Linux: <c>select_bad_process</c>: whoever is worst, never process 1 or who is exempt.</summary>
    private static (GuestProcess? Process, long Pages) Choose(TaskTable tasks, long limit)
    {
        var candidates = new List<(GuestProcess Process, AddressSpace Space)>();
        lock (tasks.Lock)
        {
            foreach (var process in tasks.Processes)
            {
                if (process.Id != 1 && process.OomScoreAdjustment != Exempt && process.State != ProcessState.Zombie && process.Threads.FirstOrDefault()?.Space is { } space && space.TryRetain())
                    candidates.Add((process, space));
            }
        }
        (GuestProcess? Process, long Pages) worst = default;
        var most = long.MinValue;
        foreach (var (process, space) in candidates)
        {
            var badness = Badness(process, space, limit);
            if (badness > most)
                (most, worst) = (badness, (process, space.CountCharged()));
            space.Release();
        }
        return worst;
    }
}
