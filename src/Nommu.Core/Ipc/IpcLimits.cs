namespace Nommu.Core.Ipc;

/// <summary>Linux: the <c>sysctl</c> part of <c>struct ipc_namespace</c>: what /proc/sys/kernel sets, at first as Linux has it.</summary>
internal sealed class IpcLimits
{
    /// <summary>Linux: SEMVMX, the highest value of a semaphore, and SEMAEM, the same for what is to be undone.</summary>
    internal const int HighestValue = 32767;

    /// <summary>Linux: SHMMIN.</summary>
    internal const int SmallestSegment = 1;

    /// <summary>shmmax: bytes of a segment.</summary>
    internal ulong SegmentSize { get; set; } = ulong.MaxValue - (1 << 24);

    /// <summary>shmall: pages of all segments.</summary>
    internal ulong SegmentPages { get; set; } = ulong.MaxValue - (1 << 24);

    /// <summary>shmmni.</summary>
    internal int Segments { get; set; } = 4096;

    /// <summary>msgmax: bytes of a message.</summary>
    internal int MessageSize { get; set; } = 8192;

    /// <summary>msgmnb: bytes of a queue, unless it was set otherwise.</summary>
    internal int QueueSize { get; set; } = 16384;

    /// <summary>msgmni.</summary>
    internal int Queues { get; set; } = 32000;

    /// <summary>SEMMSL: semaphores of a set.</summary>
    internal int SetSize { get; set; } = 32000;

    /// <summary>SEMMNS: semaphores of all sets.</summary>
    internal int Semaphores { get; set; } = 32000 * 32000;

    /// <summary>SEMOPM: operations of a call.</summary>
    internal int Operations { get; set; } = 500;

    /// <summary>SEMMNI.</summary>
    internal int Sets { get; set; } = 32000;
}
