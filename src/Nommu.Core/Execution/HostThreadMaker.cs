using System.Collections.Concurrent;

namespace Nommu.Core.Execution;

/// <summary>A thread that never runs guests and makes those that do, where the traps of threads are handed down to the threads they make (<see cref="SyscallTrap.IsInherited"/>).</summary>
internal sealed class HostThreadMaker : IDisposable
{
    private readonly BlockingCollection<Action> _requests = [];
    private readonly Thread _thread;
    private bool _disposed;

    internal HostThreadMaker()
    {
        _thread = new Thread(Work) { IsBackground = true, Name = "guest threads" };
        _thread.Start();
    }

    /// <summary>Makes one there, and waits for it.</summary>
    /// <exception cref="PlatformNotSupportedException">From the making.</exception>
    /// <exception cref="OutOfMemoryException">The same.</exception>
    /// <exception cref="ThreadStartException">The same.</exception>
    internal HostThread Make(Func<HostThread> make)
    {
        var made = new TaskCompletionSource<HostThread>();
        _requests.Add(() =>
        {
            try
            {
                made.SetResult(make());
            }
            catch (Exception exception) when (exception is PlatformNotSupportedException or OutOfMemoryException or ThreadStartException)
            {
                made.SetException(exception);
            }
        });
        return made.Task.GetAwaiter().GetResult();
    }

    /// <summary>Ends the thread. More than once is the same as once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        _requests.CompleteAdding();
        _thread.Join();
        _requests.Dispose();
    }

    private void Work()
    {
        foreach (var request in _requests.GetConsumingEnumerable())
            request();
    }
}
