using Nommu.Core.Execution;

namespace Nommu.Core.Processes;

/// <summary>The thread on its host thread.</summary>
internal sealed partial class GuestThread
{
    /// <summary>Why the run loop should look before it enters the guest.</summary>
    internal volatile int Work;

    /// <summary>Linux: <c>pid</c>; the first thread's is the process's.</summary>
    internal int Id { get; set; }

    internal GuestProcess Process { get; set; } = null!;

    /// <summary>The host thread it runs on, or waits on while its vfork child runs there. Changes with the task table's lock held.</summary>
    internal HostThread? Host { get; set; }

    /// <summary>Where its registers are while it is out of the guest, for the thread itself.</summary>
    internal GuestCpu Cpu => Host!.Cpu;

    /// <summary>Whose host thread this vfork child has taken over; null for all others, and once it has executed a program.</summary>
    internal GuestThread? VforkParent { get; set; }

    /// <summary>Who has taken its host thread over.</summary>
    internal GuestThread? VforkChild { get; set; }

    /// <summary>Makes the thread look at <see cref="Work"/> soon, running or asleep. With the task table's lock held.</summary>
    internal void Interrupt()
    {
        SetWork(WorkSignal);
        Wake();
        if (VforkChild is { } child)
        {
            // A parent that is to end need not wait for its child: the child's host thread looks after it.
            if (Signals.MustExit || Process.Signals.GroupExit is not null)
                child.Interrupt();
            return;
        }
        // A sleeper looks at Work before it goes back to the guest, so it need not be kicked, which takes a barrier in every thread of the process.
        if (!IsAsleep)
            Host?.Kick(this);
    }

    /// <summary>Puts what is answered without leaving the guest where the emitted code finds it.</summary>
    internal void LoadIdentity()
    {
        if (Host is not { } host || host.Current != this)
            return;
        ref var context = ref host.Cpu.Context;
        context.Pid = (uint)Process.Id;
        context.Tid = (uint)Id;
        context.Ppid = (uint)(Process.Parent?.Id ?? 0);
        (context.Uid, context.Euid) = (Credentials.Uid, Credentials.Euid);
        (context.Gid, context.Egid) = (Credentials.Gid, Credentials.Egid);
    }
}
