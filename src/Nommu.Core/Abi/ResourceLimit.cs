namespace Nommu.Core.Abi;

/// <summary>Linux: the resources of getrlimit(2).</summary>
internal enum ResourceLimit
{
    RLIMIT_CPU = 0,
    RLIMIT_FSIZE = 1,
    RLIMIT_DATA = 2,
    RLIMIT_STACK = 3,
    RLIMIT_CORE = 4,
    RLIMIT_RSS = 5,
    RLIMIT_NPROC = 6,
    RLIMIT_NOFILE = 7,
    RLIMIT_MEMLOCK = 8,
    RLIMIT_AS = 9,
    RLIMIT_LOCKS = 10,
    RLIMIT_SIGPENDING = 11,
    RLIMIT_MSGQUEUE = 12,
    RLIMIT_NICE = 13,
    RLIMIT_RTPRIO = 14,
    RLIMIT_RTTIME = 15,
}

/// <summary>Linux: whose use getrusage(2) tells.</summary>
internal enum RusageWho
{
    RUSAGE_CHILDREN = -1,
    RUSAGE_SELF = 0,
    RUSAGE_THREAD = 1,
}

/// <summary>Linux: whom getpriority(2) and setpriority(2) mean.</summary>
internal enum PriorityWhich
{
    PRIO_PROCESS = 0,
    PRIO_PGRP = 1,
    PRIO_USER = 2,
}

/// <summary>Linux: the policies of sched(7).</summary>
internal enum SchedPolicy
{
    SCHED_NORMAL = 0,
    SCHED_FIFO = 1,
    SCHED_RR = 2,
    SCHED_BATCH = 3,
    SCHED_IDLE = 5,
    SCHED_DEADLINE = 6,
    SCHED_EXT = 7,
    SCHED_RESET_ON_FORK = 1073741824,
}
