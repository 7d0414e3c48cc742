using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>What stat and status tell of a process, taken at one moment.</summary>
internal sealed class TaskSnapshot
{
    internal required byte[] Name { get; init; }

    internal required char State { get; init; }

    internal required GuestThread? Thread { get; init; }

    internal required Credentials Credentials { get; init; }

    internal required int ThreadGroup { get; init; }

    internal required int Parent { get; init; }

    internal required int Group { get; init; }

    internal required int Session { get; init; }

    /// <summary>The number of the terminal that controls its session; 0 without one.</summary>
    internal required uint Terminal { get; init; }

    /// <summary>The terminal's foreground group; 0 when that has none, -1 without a terminal.</summary>
    internal required int ForegroundGroup { get; init; }

    internal required int Threads { get; init; }

    internal required ProcessTimes Times { get; init; }

    internal required WaitStatus ExitStatus { get; init; }

    /// <summary>How many signals are queued for its user, and how many may be.</summary>
    internal required ulong Queued { get; init; }

    internal required ulong QueueLimit { get; init; }

    internal SigSet Pending { get; private set; }

    internal SigSet SharedPending { get; private set; }

    internal SigSet Blocked { get; private set; }

    internal SigSet Ignored { get; private set; }

    internal SigSet Caught { get; private set; }

    internal string StateName => State switch
    {
        'R' => "R (running)",
        'S' => "S (sleeping)",
        'D' => "D (disk sleep)",
        'T' => "T (stopped)",
        _ => "Z (zombie)",
    };

    /// <summary>Takes it; null once the process has been waited for.</summary>
    internal static TaskSnapshot? Take(ProcTask task)
    {
        var process = task.Process;
        lock (process.Tasks.Lock)
        {
            if (!task.ExistsLocked)
                return null;
            var isZombie = process.State == ProcessState.Zombie;
            var thread = task.FindThreadLocked();
            var credentials = thread?.Credentials ?? process.MainCredentials ?? Credentials.Root;
            var terminal = isZombie ? null : process.ControllingTerminal;
            var snapshot = new TaskSnapshot
            {
                Name = thread?.Name ?? process.Name,
                State = task.IsZombieLocked ? 'Z' : StateOf(process, thread),
                Thread = isZombie ? null : thread,
                Credentials = credentials,
                ThreadGroup = process.Id,
                Parent = process.Parent?.Id ?? 0,
                Group = process.Group.Id,
                Session = process.Group.Session.Id,
                Terminal = (uint)(terminal?.Number.Encoded ?? 0),
                ForegroundGroup = terminal is null ? -1 : terminal.ForegroundGroup?.Id ?? 0,
                Threads = process.ThreadCountLocked,
                Times = ProcessTimes.Of(process, task.IsThread ? thread : null),
                ExitStatus = process.ExitStatus,
                Queued = process.Tasks.QueuedSignals.Count(credentials.Uid),
                QueueLimit = process.Limits[ResourceLimit.RLIMIT_SIGPENDING].Current,
            };
            snapshot.TakeSignals(process, thread);
            return snapshot;
        }
    }

    /// <summary>A vfork parent waits as Linux does in <c>wait_for_vfork_done</c>, which no signal but a deadly one ends.</summary>
    private static char StateOf(GuestProcess process, GuestThread? thread) =>
        process.State == ProcessState.Stopped || thread is { Signals.IsStopped: true } ? 'T' : thread is { VforkChild: not null } ? 'D' : thread is { IsSleeping: true } ? 'S' : 'R';

    private void TakeSignals(GuestProcess process, GuestThread? thread)
    {
        SharedPending = process.Signals.Pending.Set;
        if (thread is not null)
        {
            Pending = thread.Signals.Pending.Set;
            Blocked = thread.Signals.Blocked;
        }
        for (var signal = Signal.SIGHUP; (int)signal <= SigSet.Count; signal++)
        {
            var handler = process.Handlers[signal].Handler;
            if (handler == Sigaction.SIG_IGN)
                Ignored |= SigSet.Of(signal);
            else if (handler != Sigaction.SIG_DFL)
                Caught |= SigSet.Of(signal);
        }
    }
}
