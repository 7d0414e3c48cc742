using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct fown_struct</c> and <c>fasync_struct</c>. Whom a signal tells that an open file has become ready (fcntl(2), F_SETOWN, F_SETSIG, O_ASYNC).</summary>
/// <remarks>Differs: a wake-up takes no locks, so the look at the file and the signal happen a moment later, off the waker's thread.</remarks>
internal sealed class FileNotification : Waiter, IThreadPoolWorkItem
{
    private readonly FileDescription _file;
    private readonly Lock _lock = new();
    private readonly PollTable _table;
    private TaskTable? _tasks;
    private int _queued;

    internal FileNotification(FileDescription file)
    {
        _file = file;
        _table = new PollTable(this);
    }

    /// <summary>F_SETOWN_EX: whom to tell; pid 0 for nobody.</summary>
    internal FileOwner Owner { get; private set; } = new(FileOwnerType.F_OWNER_PID, 0);

    /// <summary>F_SETSIG: 0 for SIGIO without details.</summary>
    internal Signal Signal { get; set; }

    /// <summary>Who it is that the number means is settled now, as Linux holds the <c>struct pid</c>.</summary>
    /// <returns>ESRCH.</returns>
    internal Errno SetOwner(TaskTable tasks, FileOwner owner)
    {
        lock (tasks.Lock)
        {
            var exists = owner.Pid == 0 || owner.Type switch
            {
                FileOwnerType.F_OWNER_PGRP => tasks.FindGroup(owner.Pid) is not null,
                FileOwnerType.F_OWNER_PID => tasks.Find(owner.Pid) is not null,
                _ => FindThread(tasks, owner.Pid) is not null,
            };
            if (!exists)
                return Errno.ESRCH;
        }
        lock (_lock)
            (_tasks, Owner) = (tasks, owner);
        return Errno.None;
    }

    /// <summary>O_ASYNC has been set.</summary>
    internal void Start()
    {
        lock (_lock)
        {
            _table.Clear();
            _file.Poll(_table);
        }
    }

    /// <summary>O_ASYNC has been cleared, or the file is gone.</summary>
    internal void Stop()
    {
        lock (_lock)
            _table.Clear();
    }

    internal override void Wake()
    {
        if (Interlocked.Exchange(ref _queued, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _queued, 0);
        if ((_file.Flags & OpenFlags.O_ASYNC) == 0 || !_file.TryRetain())
            return;
        var events = _file.Poll(null);
        _file.Release();
        TaskTable? tasks;
        FileOwner owner;
        lock (_lock)
            (tasks, owner) = (_tasks, Owner);
        if (tasks is null || owner.Pid == 0 || events == PollEvents.None)
            return;
        lock (tasks.Lock)
            Tell(tasks, owner, Siginfo.FromKernel(Signal == default ? Signal.SIGIO : Signal));
    }

    private static void Tell(TaskTable tasks, FileOwner owner, in Siginfo info)
    {
        if (owner.Type == FileOwnerType.F_OWNER_TID && FindThread(tasks, owner.Pid) is { } thread)
            _ = SignalGeneration.Send(thread, info);
        else if (owner.Type == FileOwnerType.F_OWNER_PID && tasks.Find(owner.Pid) is { } process)
            _ = SignalGeneration.Send(process, info);
        else if (owner.Type == FileOwnerType.F_OWNER_PGRP && tasks.FindGroup(owner.Pid) is { } group)
            SignalSender.SendToGroup(group, (Signal)info.Signo);
    }

    private static GuestThread? FindThread(TaskTable tasks, int id)
    {
        foreach (var process in tasks.Processes)
        {
            foreach (var thread in process.Threads)
            {
                if (thread.Id == id)
                    return thread;
            }
        }
        return null;
    }
}
