using Nommu.Core.Abi;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>sighand_struct</c>: what a process does with each signal. May be shared (CLONE_SIGHAND). Guarded by the task table's lock.</summary>
internal sealed class SignalHandlers
{
    private readonly Sigaction[] _actions = new Sigaction[SigSet.Count];

    internal ref Sigaction this[Signal signal] => ref _actions[(int)signal - 1];

    /// <summary>For clone(2) without CLONE_SIGHAND: the child's own copy.</summary>
    internal SignalHandlers Clone()
    {
        var copy = new SignalHandlers();
        _actions.CopyTo(copy._actions, 0);
        return copy;
    }

    /// <summary>For execve(2): ignored signals stay ignored, all else is default again. A new object, since the old one may be shared.</summary>
    internal SignalHandlers ForExec()
    {
        var fresh = new SignalHandlers();
        for (var i = 0; i < _actions.Length; i++)
        {
            if (_actions[i].Handler == Sigaction.SIG_IGN)
                fresh._actions[i].Handler = Sigaction.SIG_IGN;
        }
        return fresh;
    }

    /// <summary>Linux: <c>sig_handler_ignored</c>: nothing would happen on delivery.</summary>
    internal bool Ignores(Signal signal)
    {
        var handler = this[signal].Handler;
        return handler == Sigaction.SIG_IGN || (handler == Sigaction.SIG_DFL && SigSet.IgnoredByDefault.Contains(signal));
    }

    /// <summary>Linux: <c>sig_fatal</c>: by default action it ends the process.</summary>
    internal bool IsFatal(Signal signal) =>
        this[signal].Handler == Sigaction.SIG_DFL && !(SigSet.IgnoredByDefault | SigSet.Stopping).Contains(signal);
}
