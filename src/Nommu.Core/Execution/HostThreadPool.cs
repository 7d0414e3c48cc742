using System.Diagnostics;
using Nommu.Core.Abi;
using Nommu.Core.Host;
using Nommu.Core.Memory;

namespace Nommu.Core.Execution;

/// <summary>The host threads of one kernel. Those that have nobody to run are parked here, so that a new process seldom costs a new thread.</summary>
/// <remarks>Its lock is a leaf.</remarks>
internal sealed class HostThreadPool(RunLoop loop, Arena arena)
{
    /// <summary>More than this many do not wait for work.</summary>
    private const int MostParked = 64;

    /// <summary>So many are made before the host is asked again how many it has left.</summary>
    private const int MostUnlooked = 64;

    /// <summary>Milliseconds for which nobody looks again where the host had none left: thousands may be asking.</summary>
    private const int Refusal = 20;

    private readonly Lock _lock = new();
    private readonly Stack<HostThread> _parked = [];
    private readonly HashSet<HostThread> _all = [];
    private readonly HostThreadMaker? _maker = ExecutionRuntime.Instance.Trap.IsInherited ? new() : null;
    private int _made;
    private int _unlooked;
    private long _lookAt;
    private bool _closed;

    /// <summary>For slices of time.</summary>
    internal HostTimers Timers { get; } = new(static () => (long)Stopwatch.GetElapsedTime(0).TotalNanoseconds);

    /// <summary>Whether host threads remember the last system calls.</summary>
    internal bool KeepsHistory { get; init; }

    /// <summary>Where the code of guests is.</summary>
    internal Arena Arena => arena;

    /// <summary>How many host threads there are, running or parked.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
                return _all.Count;
        }
    }

    /// <summary>How many were ever made.</summary>
    internal int Made => Volatile.Read(ref _made);

    /// <summary>A host thread with nobody on it: for the caller to fill its registers and <see cref="HostThread.Start"/> it.</summary>
    /// <returns>EAGAIN where the host has no more for guests.</returns>
    /// <exception cref="PlatformNotSupportedException">The host cannot run guests at all.</exception>
    internal Result<HostThread> Take()
    {
        lock (_lock)
        {
            if (_parked.TryPop(out var parked))
                return parked;
            if (!MayMake())
                return Errno.EAGAIN;
            // With the lock held, so that none comes to be that Close does not see.
            var number = ++_made;
            try
            {
                var fresh = _maker is null ? new HostThread(this, loop, number) : _maker.Make(() => new HostThread(this, loop, number));
                _all.Add(fresh);
                return fresh;
            }
            catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
            {
                return Errno.EAGAIN;
            }
        }
    }

    /// <summary>Looks now and then how many more the host has. With the lock held.</summary>
    private bool MayMake()
    {
        if (_unlooked == 0 && Environment.TickCount64 >= _lookAt)
        {
            _unlooked = (Math.Min(HostThreadLimits.Left(), 2 * MostUnlooked) + 1) / 2;
            _lookAt = Environment.TickCount64 + (_unlooked == 0 ? Refusal : 0);
        }
        return _unlooked > 0 && _unlooked-- > 0;
    }

    /// <summary>Gives a host thread back that was taken and not started.</summary>
    internal void PutBack(HostThread thread)
    {
        if (!Return(thread))
            thread.End();
    }

    /// <summary>A host thread has nobody to run any more.</summary>
    /// <returns>False where it is to end.</returns>
    internal bool Return(HostThread thread)
    {
        lock (_lock)
        {
            if (_closed || _parked.Count >= MostParked)
                return false;
            _parked.Push(thread);
            return true;
        }
    }

    /// <summary>A debugger begins or ends; while there is one no call is answered within the guest.</summary>
    internal void ChangeDebuggers(int by)
    {
        Interlocked.Add(ref loop.Debuggers, by);
        KickAll();
    }

    /// <summary>Makes all guest threads leave the guest and come back, so that they find what has been changed for all of them.</summary>
    internal void KickAll()
    {
        lock (_lock)
        {
            foreach (var thread in _all)
                thread.Cpu.Kick();
        }
    }

    internal void Gone(HostThread thread)
    {
        lock (_lock)
            _all.Remove(thread);
    }

    /// <summary>Ends all host threads. The guest threads on them have been told to end.</summary>
    internal void Close()
    {
        lock (_lock)
        {
            _closed = true;
            while (_parked.TryPop(out var parked))
                parked.End();
        }
        // A program that is being executed in this moment still takes a thread, to be told on it that it is to end.
        while (true)
        {
            HostThread[] all;
            lock (_lock)
                all = [.. _all];
            if (all.Length == 0)
                break;
            foreach (var thread in all)
                thread.Join();
        }
        _maker?.Dispose();
    }
}
