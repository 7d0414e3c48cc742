namespace Nommu.Core.Host;

/// <summary>Tells when a descriptor of the host's that had to be waited for is ready. Has a thread only while somebody waits, and a little longer.</summary>
/// <param name="descriptor">The descriptor.</param>
/// <param name="events">What is waited for.</param>
/// <param name="isWanted">False once nobody waits any more.</param>
/// <param name="ready">Told, from that thread.</param>
internal sealed class HostReadiness(HostDescriptor descriptor, short events, Func<bool> isWanted, Action ready)
{
    /// <summary>How often a thread that waits in the host looks whether it should go on.</summary>
    private const int LookMilliseconds = 1000;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    private readonly object _lock = new();
    private bool _runs;
    private bool _requested;

    /// <summary>Somebody waits from now on.</summary>
    internal void Request()
    {
        lock (_lock)
        {
            _requested = true;
            if (_runs)
            {
                Monitor.Pulse(_lock);
                return;
            }
            _runs = true;
        }
        new Thread(Watch) { IsBackground = true, Name = "host readiness" }.Start();
    }

    private void Watch()
    {
        while (WaitForRequest())
        {
            while (isWanted() && !descriptor.IsReady(events, LookMilliseconds))
            {
            }
            ready();
        }
    }

    private bool WaitForRequest()
    {
        lock (_lock)
        {
            if (!_requested)
                Monitor.Wait(_lock, Idle);
            _runs = _requested;
            _requested = false;
            return _runs;
        }
    }
}
