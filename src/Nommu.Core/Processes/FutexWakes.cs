namespace Nommu.Core.Processes;

/// <summary>Linux: <c>wake_q_head</c>. Who is to be woken once the buckets are unlocked: a thread that is woken before asks for the lock at once, and on one processor it runs before the waker has let go.</summary>
internal struct FutexWakes
{
    private GuestThread? _first;
    private List<GuestThread>? _others;

    internal void Add(GuestThread thread)
    {
        if (_first is null)
            _first = thread;
        else
            (_others ??= []).Add(thread);
    }

    internal readonly void Wake()
    {
        _first?.Wake();
        if (_others is null)
            return;
        foreach (var thread in _others)
            thread.Wake();
    }
}
