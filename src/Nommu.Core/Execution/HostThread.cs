using Nommu.Core.Host;
using Nommu.Core.Memory.Families;
using Nommu.Core.Processes;

namespace Nommu.Core.Execution;

/// <summary>
/// A thread of the host on which guest threads run, one at a time. Linux has no counterpart; the nearest is a processor. It is parked while it has none.
/// </summary>
/// <remarks>
/// A vfork child runs on its parent's host thread: the parent's registers wait on a stack here until the child has executed a program, which then moves to a host thread of its own, or has ended.
/// So vfork creates no thread and hands nothing over.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The thread itself disposes of its processor when it ends.")]
internal sealed class HostThread
{
    /// <summary>Handlers of system calls are shallow; what is deep is managed code of a host's drivers.</summary>
    private const int StackSize = 512 << 10;

    private readonly HostThreadPool _pool;
    private readonly RunLoop _loop;
    private readonly HostThreadPark _park = new();
    private readonly ManualResetEventSlim _ready = new();
    private readonly Stack<GuestCpuState> _suspended = [];
    private readonly Stack<GuestCpuState> _unused = [];
    private readonly Thread _thread;
    private HostThreadTimes _times = null!;
    private ulong[] _affinity = [];
    private long _switchTotal;
    private long _switchSystem;
    private Exception? _failure;
    private volatile GuestThread? _current;
    private volatile bool _ended;

    internal HostThread(HostThreadPool pool, RunLoop loop, int number)
    {
        (_pool, _loop) = (pool, loop);
        Turn = new FamilyTurn(_park, () => Cpu.Kick());
        History = pool.KeepsHistory ? new CallHistory() : null;
        _thread = new Thread(Live, StackSize) { IsBackground = true, Name = $"guest {number}" };
        _thread.Start();
        _ready.Wait();
        _ready.Dispose();
        if (_failure is OutOfMemoryException)
            throw new InsufficientMemoryException(_failure.Message, _failure);
        if (_failure is not null)
            throw new PlatformNotSupportedException(_failure.Message, _failure);
    }

    /// <summary>For crash reports; null where there are none.</summary>
    internal CallHistory? History { get; }

    /// <summary>Its ability to run guest code.</summary>
    internal GuestCpu Cpu { get; private set; } = null!;

    /// <summary>Whether it may run, and touch the memory of, who has relatives that have the same addresses.</summary>
    internal FamilyTurn Turn { get; }

    /// <summary>Who runs on it.</summary>
    internal GuestThread? Current => _current;

    /// <summary>Gives a parked host thread somebody to run; its registers are in <see cref="Cpu"/> already.</summary>
    internal void Start(GuestThread thread)
    {
        Refresh(thread);
        _park.Unpark();
    }

    /// <summary>The same for a child with memory of its own: it is woken when it is its turn.</summary>
    internal void StartForked(GuestThread child)
    {
        Refresh(child);
        child.Space.Family!.TakeNext(Turn, child.Space);
    }

    /// <summary>A vfork child takes this host thread over from its parent, whose state waits. With the task table's lock held.</summary>
    internal void Suspend(GuestThread parent, GuestThread child)
    {
        var state = _unused.Count > 0 ? _unused.Pop() : Cpu.NewState();
        Cpu.Save(state);
        state.Registers.Rax = (ulong)child.Id; // what vfork will have answered
        _suspended.Push(state);
        (child.VforkParent, parent.VforkChild) = (parent, child);
        parent.Process.Debugger?.Look();
        Attach(child);
    }

    /// <summary>The running guest thread leaves for good. A parent that waited for it goes on; without one the host thread parks.</summary>
    internal void Leave(GuestThread thread)
    {
        if (LeaveLocked(thread) is { } parent)
            parent.Machine.Observer?.Resumed(parent, (int)Cpu.Registers.Rax);
    }

    /// <returns>The parent that goes on.</returns>
    private GuestThread? LeaveLocked(GuestThread thread)
    {
        lock (thread.Process.Tasks.Lock)
        {
            var parent = thread.VforkParent;
            if (parent is null)
            {
                SwitchCpu(null);
                _current = null;
                return null;
            }
            (thread.VforkParent, parent.VforkChild) = (null, null);
            var state = _suspended.Pop();
            Cpu.Load(state);
            _unused.Push(state);
            Attach(parent);
            return parent;
        }
    }

    /// <summary>The registers of a parent whose child runs here; null for others. With the task table's lock held, which keeps nobody from running.</summary>
    internal GuestCpuState? SuspendedState(GuestThread parent)
    {
        var depth = 0;
        for (var child = _current; child?.VforkParent is { } above; child = above, depth++)
        {
            if (above == parent)
                return _suspended.ToArray() is { } states && depth < states.Length ? states[depth] : null;
        }
        return null;
    }

    /// <summary>Ends parents that are to end while a vfork child of theirs runs here: the child goes on without, and who waited for such a parent waits for the child.</summary>
    internal void EndDoomedParents(GuestThread thread)
    {
        while (TakeDoomedParent(thread) is { } parent)
            parent.Exit();
    }

    private GuestThread? TakeDoomedParent(GuestThread thread)
    {
        if (thread.VforkParent is null)
            return null;
        lock (thread.Process.Tasks.Lock)
        {
            var depth = 0;
            for (var child = thread; child.VforkParent is { } parent; child = parent, depth++)
            {
                if (parent.Process.Signals.GroupExit is null && !parent.Signals.MustExit)
                    continue;
                child.VforkParent = parent.VforkParent;
                if (parent.VforkParent is { } above)
                    above.VforkChild = child;
                (parent.VforkChild, parent.VforkParent) = (null, null);
                ForgetSuspended(depth);
                return parent;
            }
            return null;
        }
    }

    /// <param name="depth">0 for who was suspended last.</param>
    private void ForgetSuspended(int depth)
    {
        var states = _suspended.ToArray();
        _suspended.Clear();
        for (var i = states.Length - 1; i >= 0; i--)
            (i == depth ? _unused : _suspended).Push(states[i]);
    }

    /// <summary>The running guest thread has another program or other rights.</summary>
    internal void Refresh(GuestThread thread)
    {
        lock (thread.Process.Tasks.Lock)
            Attach(thread);
    }

    /// <summary>Makes a guest thread leave the guest, if it is the one that runs here and somebody else asks.</summary>
    internal void Kick(GuestThread thread)
    {
        if (_current == thread && Thread.CurrentThread != _thread)
            Cpu.Kick();
    }

    /// <summary>Ends a parked host thread.</summary>
    internal void End()
    {
        _ended = true;
        _park.Unpark();
    }

    /// <summary>Waits until the host thread has gone.</summary>
    internal void Join() => _thread.Join();

    private void Attach(GuestThread thread)
    {
        thread.Host = this;
        if (_current != thread)
            SwitchCpu(thread);
        _current = thread;
        thread.LoadIdentity();
        Cpu.Context.SaveAllVectors = thread.Space.UsesVectorExtensions ? 1u : 0u;
    }

    /// <summary>Charges who ran here until now. A parked host thread is given somebody by another thread, which takes its times as they were when it parked.</summary>
    private void SwitchCpu(GuestThread? next)
    {
        if (Thread.CurrentThread == _thread)
            (_switchTotal, _switchSystem) = (_times.Total, HostThreadTimes.OwnSystem);
        _current?.StopCpu(_switchTotal, _switchSystem);
        next?.StartCpu(_times, _switchTotal, _switchSystem);
        if (next is not null && next.Attributes.Affinity != _affinity)
            BindTo(next.Attributes.Affinity);
    }

    /// <summary>The guest thread that runs here may use some processors only (sched_setaffinity(2)). With the task table's lock held.</summary>
    internal void BindTo(ulong[] processors)
    {
        _affinity = processors;
        HostProcessors.Bind(_times.Id, processors);
    }

    private bool WaitForWork()
    {
        while (_current is null && !_ended)
            _park.Park(-1);
        return _current is not null;
    }

    private void Live()
    {
        try
        {
            _times = HostThreadTimes.OfCurrentThread();
            Cpu = GuestCpu.AttachToCurrentThread(_pool.Arena.Start, _pool.Arena.End);
        }
        catch (Exception exception) when (exception is PlatformNotSupportedException or OutOfMemoryException)
        {
            _failure = exception;
            return;
        }
        finally
        {
            _ready.Set();
        }
        try
        {
            while (WaitForWork())
            {
                _loop.Run(this);
                if (!_pool.Return(this))
                    break;
            }
        }
        finally
        {
            Cpu.Dispose();
            _pool.Gone(this);
        }
    }
}
