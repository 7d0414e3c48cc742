using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>A thread that waits for a semaphore or a queue. Linux: <c>struct sem_queue</c>, <c>msg_sender</c> and <c>msg_receiver</c>.</summary>
internal abstract class IpcWaiter(GuestThread thread)
{
    private volatile bool _isDone;
    private Errno _result;

    internal GuestThread Thread => thread;

    internal bool IsDone => _isDone;

    /// <summary>What it waits for is done, or never will be. With the lock held.</summary>
    internal void Finish(Errno result)
    {
        _result = result;
        _isDone = true;
        thread.Wake();
    }

    /// <summary>Sleeps until it is finished.</summary>
    /// <param name="guard">The lock that its place in the queue is guarded by.</param>
    /// <param name="deadline">Monotonic nanoseconds; -1 for none.</param>
    /// <returns>What it was finished with; ETIMEDOUT and ERESTARTSYS where it has given up.</returns>
    internal Errno Wait(Lock guard, long deadline)
    {
        while (!_isDone)
        {
            var slept = thread.Sleep(deadline);
            if (slept == Errno.None)
                continue;
            lock (guard)
            {
                if (_isDone)
                    break;
                Leave();
            }
            return slept;
        }
        return _result;
    }

    /// <summary>Gives its place up. With the lock held.</summary>
    protected abstract void Leave();
}
