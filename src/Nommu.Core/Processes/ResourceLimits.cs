using System.Runtime.CompilerServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>rlim</c> of <c>signal_struct</c> (getrlimit(2)). A process has its own from its maker; all its threads share them. Guarded by the task table's lock for changes; one limit is read without.</summary>
internal sealed class ResourceLimits
{
    internal const int Count = 16;

    /// <summary>Linux: <c>sysctl_nr_open</c>.</summary>
    private const ulong MostDescriptors = 1 << 20;

    /// <summary>Linux: <c>_STK_LIM</c>.</summary>
    private const ulong DefaultStack = 8 << 20;

    private Table _limits;

    /// <summary>Linux: INIT_RLIMITS. Processes and signals are limited to half of the numbers there are.</summary>
    internal ResourceLimits()
    {
        for (var i = 0; i < Count; i++)
            _limits[i] = Rlimit.Unlimited;
        this[ResourceLimit.RLIMIT_STACK] = new(DefaultStack, Rlimit.RLIM_INFINITY);
        this[ResourceLimit.RLIMIT_CORE] = new(0, Rlimit.RLIM_INFINITY);
        this[ResourceLimit.RLIMIT_NPROC] = this[ResourceLimit.RLIMIT_SIGPENDING] = new(16384, 16384);
        this[ResourceLimit.RLIMIT_NOFILE] = new(1024, 4096);
        this[ResourceLimit.RLIMIT_MEMLOCK] = new(8 << 20, 8 << 20);
        this[ResourceLimit.RLIMIT_MSGQUEUE] = new(819200, 819200);
        this[ResourceLimit.RLIMIT_NICE] = this[ResourceLimit.RLIMIT_RTPRIO] = default;
    }

    private ResourceLimits(in Table limits) => _limits = limits;

    internal Rlimit this[ResourceLimit resource]
    {
        get => _limits[(int)resource];
        private set => _limits[(int)resource] = value;
    }

    /// <summary>A program that runs as somebody else than its caller does not get its caller's large stack, which would leave it little room for anything else.</summary>
    internal void LimitStackOfOtherUsers()
    {
        var limit = this[ResourceLimit.RLIMIT_STACK];
        if (limit.Current > DefaultStack)
            this[ResourceLimit.RLIMIT_STACK] = limit with { Current = DefaultStack };
    }

    /// <summary>Linux: <c>fork_init</c>: one user's processes are half of those there may be.</summary>
    internal void LimitProcesses(int threads)
    {
        var most = Math.Min((ulong)threads / 2, this[ResourceLimit.RLIMIT_NPROC].Maximum);
        this[ResourceLimit.RLIMIT_NPROC] = new(most, most);
    }

    /// <summary>For a child.</summary>
    internal ResourceLimits Clone() => new(_limits);

    internal static bool IsResource(ResourceLimit resource) => (uint)resource < Count;

    /// <summary>Linux: <c>do_prlimit</c>.</summary>
    /// <param name="resource">One there is.</param>
    /// <param name="limit">The new one.</param>
    /// <param name="isPrivileged">Who may raise a hard limit.</param>
    /// <returns>EINVAL where the soft limit is above the hard, EPERM.</returns>
    internal Errno Set(ResourceLimit resource, Rlimit limit, bool isPrivileged)
    {
        if (limit.Current > limit.Maximum)
            return Errno.EINVAL;
        if (resource == ResourceLimit.RLIMIT_NOFILE && limit.Maximum > MostDescriptors)
            return Errno.EPERM;
        if (limit.Maximum > this[resource].Maximum && !isPrivileged)
            return Errno.EPERM;
        this[resource] = limit;
        return Errno.None;
    }

    [InlineArray(Count)]
    private struct Table
    {
        private Rlimit _first;
    }
}
