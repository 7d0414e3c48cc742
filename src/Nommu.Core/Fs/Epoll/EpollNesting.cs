namespace Nommu.Core.Fs.Epoll;

/// <summary>Linux: <c>epnested_mutex</c> and <c>ep_loop_check</c>. One per kernel: epolls may watch epolls, not in a circle and not deeper than five (epoll_ctl(2), ELOOP).</summary>
internal sealed class EpollNesting
{
    private const int DeepestChain = 5;

    /// <summary>Held while an epoll is added to another.</summary>
    internal Lock Lock { get; } = new();

    /// <summary>Under the lock.</summary>
    internal bool Allows(EpollFile outer, EpollFile inner)
    {
        var below = DepthBelow(inner, outer, DeepestChain);
        return below is { } depth && depth + DepthAbove(outer, DeepestChain) <= DeepestChain;
    }

    /// <summary>How many epolls a chain downwards has, itself included; null where it comes to <paramref name="forbidden"/> or goes too deep.</summary>
    private static int? DepthBelow(EpollFile epoll, EpollFile forbidden, int allowed)
    {
        if (epoll == forbidden || allowed == 0)
            return null;
        var deepest = 0;
        foreach (var inner in epoll.Inner())
        {
            if (DepthBelow(inner, forbidden, allowed - 1) is not { } depth)
                return null;
            deepest = Math.Max(deepest, depth);
        }
        return deepest + 1;
    }

    private static int DepthAbove(EpollFile epoll, int allowed)
    {
        var deepest = 0;
        if (allowed > 0 && epoll.ExistingWatchers is { } watchers)
        {
            foreach (var watcher in watchers.Snapshot())
            {
                if (watcher is EpollItem item)
                    deepest = Math.Max(deepest, DepthAbove(item.Epoll, allowed - 1));
            }
        }
        return deepest + 1;
    }
}
