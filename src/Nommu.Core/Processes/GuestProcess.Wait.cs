using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Which children a wait call means: one, a group's, or all (waitpid(2)).</summary>
/// <param name="Pid">A child's number, or 0 for any.</param>
/// <param name="Group">A group's number, or 0 for any.</param>
/// <param name="Known">A child that a descriptor means, or null for any.</param>
internal readonly record struct WaitTarget(int Pid, int Group, GuestProcess? Known = null)
{
    internal bool Matches(GuestProcess child) => (Pid == 0 || child.Id == Pid) && (Group == 0 || child.Group.Id == Group) && (Known is null || child == Known);
}

/// <summary>The options of wait4(2) and waitid(2), in their bits (linux/wait.h).</summary>
[Flags]
internal enum WaitOptions
{
    WNOHANG = 1,
    WSTOPPED = 2,
    WEXITED = 4,
    WCONTINUED = 8,
    WNOWAIT = 0x01000000,
    __WNOTHREAD = 0x20000000,
    __WALL = 0x40000000,
    __WCLONE = unchecked((int)0x80000000),
}

/// <summary>What a wait found: the child, what has become of it, whose it was, and what it has used.</summary>
internal readonly record struct WaitFinding(int Pid, WaitStatus Status, uint Uid = 0, Rusage Usage = default);

public sealed partial class GuestProcess
{
    /// <summary>One look at the children, which consumes what it reports unless WNOWAIT. The caller sleeps on <see cref="ChildChange"/> and looks again.</summary>
    /// <param name="target">Which.</param>
    /// <param name="options">What news.</param>
    /// <param name="thread">Whose children only; null for all of the process.</param>
    /// <returns>Pid 0 where children match and none has news; ECHILD where none matches.</returns>
    internal Result<WaitFinding> LookForChild(WaitTarget target, WaitOptions options, GuestThread? thread = null)
    {
        var any = false;
        foreach (var child in _children)
        {
            if (!target.Matches(child) || !IsOfKind(child, options) || (thread is not null && child.ParentThread != thread))
                continue;
            any = true;
            var uid = child.MainCredentials?.Uid ?? 0;
            if (child.TakeNews(options) is { } status)
                return new WaitFinding(child.Id, status, uid, (child.Usage + child.UsageOfChildren).ToRusage());
        }
        return any ? new WaitFinding(0, default) : Errno.ECHILD;
    }

    /// <summary>Linux: <c>eligible_child</c>: children whose end is not told by SIGCHLD are waited for only when asked for.</summary>
    private static bool IsOfKind(GuestProcess child, WaitOptions options) =>
        (options & WaitOptions.__WALL) != 0 || (child.ExitSignal != (int)Signal.SIGCHLD) == ((options & WaitOptions.__WCLONE) != 0);

    private WaitStatus? TakeNews(WaitOptions options)
    {
        if (State == ProcessState.Zombie)
        {
            if ((options & WaitOptions.WEXITED) == 0)
                return null;
            if ((options & WaitOptions.WNOWAIT) == 0)
            {
                Parent!.AccountReapedChild(this);
                Reap();
            }
            return ExitStatus;
        }
        if (_unreported is not { } news)
            return null;
        var wanted = news == WaitStatus.Continued ? WaitOptions.WCONTINUED : WaitOptions.WSTOPPED;
        if ((options & wanted) == 0)
            return null;
        if ((options & WaitOptions.WNOWAIT) == 0)
            _unreported = null;
        return news;
    }
}
