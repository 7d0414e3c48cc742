using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: what ptrace(2) tells a tracer of. Called on the thread that it is about, with no lock held where nothing else is said.</summary>
internal interface ITaskObserver
{
    /// <summary>A process has a child. With the task table's lock held.</summary>
    void Made(GuestProcess parent, GuestProcess child);

    /// <summary>execve(2) has put a program in the place of another; the thread has not run yet.</summary>
    void Executed(GuestThread thread);

    /// <summary>A vfork child has let its parent go on. On the host thread of both; the child may still have to execute its program.</summary>
    void Resumed(GuestThread parent, int child);

    /// <summary>A signal is about to be handled, or to end the process.</summary>
    void SignalTaken(GuestThread thread, in Siginfo info);

    /// <summary>The thread stops with its process.</summary>
    void Stopped(GuestThread thread, Signal signal);

    /// <summary>The thread is out of the guest for good; nobody has been told yet.</summary>
    void Exits(GuestThread thread, WaitStatus status);
}
