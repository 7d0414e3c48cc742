using System.Numerics;

namespace Nommu.Core.Host;

/// <summary>The processors of the host that this process may run on, numbered from 0: a guest sees these and no others.</summary>
/// <remarks>No more than <see cref="Environment.ProcessorCount"/>, which a limit on the process's share may have lowered.</remarks>
internal static unsafe class HostProcessors
{
    private const int SYS_sched_setaffinity = 203;
    private const int SYS_sched_getaffinity = 204;
    private const int Words = 16;

    /// <summary>By the guest's number the host's.</summary>
    private static readonly int[] Numbers = Find();

    /// <summary>How many a guest sees.</summary>
    internal static int Count { get; } = Math.Min(Environment.ProcessorCount, Numbers.Length);

    /// <summary>The guest's number of the one that runs the current thread.</summary>
    internal static int Current => Math.Max(0, Array.IndexOf(Numbers, HostCalls.sched_getcpu())) % Count;

    /// <summary>A bit for each of the guest's processors.</summary>
    internal static ulong[] All()
    {
        var all = new ulong[(Count + 63) / 64];
        for (var i = 0; i < Count; i++)
            all[i / 64] |= 1UL << (i % 64);
        return all;
    }

    /// <summary>Lets a thread of the host run on some of them only.</summary>
    /// <param name="tid">The host's number of the thread.</param>
    /// <param name="allowed">A bit for each of the guest's processors; empty for all that the host allows.</param>
    internal static void Bind(int tid, ReadOnlySpan<ulong> allowed)
    {
        var mask = stackalloc ulong[Words];
        new Span<ulong>(mask, Words).Clear();
        for (var i = 0; i < Numbers.Length; i++)
        {
            if (allowed.IsEmpty || (i < allowed.Length * 64 && (allowed[i / 64] >> (i % 64) & 1) != 0))
                mask[Numbers[i] / 64] |= 1UL << (Numbers[i] % 64);
        }
        _ = HostCalls.syscall(SYS_sched_setaffinity, tid, Words * sizeof(ulong), (nint)mask, 0, 0, 0);
    }

    private static int[] Find()
    {
        var mask = stackalloc ulong[Words];
        var length = HostCalls.syscall(SYS_sched_getaffinity, Environment.ProcessId, Words * sizeof(ulong), (nint)mask, 0, 0, 0);
        var numbers = new List<int>();
        for (var word = 0; word < length / sizeof(ulong); word++)
        {
            for (var bits = mask[word]; bits != 0; bits &= bits - 1)
                numbers.Add((word * 64) + BitOperations.TrailingZeroCount(bits));
        }
        return numbers.Count > 0 ? [.. numbers] : [.. Enumerable.Range(0, Environment.ProcessorCount)];
    }
}
