using System.Runtime.InteropServices;

namespace Nommu.Core.Benchmarks;

/// <summary>Puts this process, all its threads and what it starts on one processor, as taskset(1) does.</summary>
internal static partial class Pinning
{
    internal static void ToOneProcessor()
    {
        Span<ulong> allowed = stackalloc ulong[16];
        if (sched_getaffinity(0, (nuint)(allowed.Length * sizeof(ulong)), allowed) < 0)
            return;
        var last = -1;
        for (var cpu = 0; cpu < allowed.Length * 64; cpu++)
        {
            if ((allowed[cpu / 64] & (1UL << (cpu % 64))) != 0)
                last = cpu;
        }
        Span<ulong> one = stackalloc ulong[16];
        one.Clear();
        one[last / 64] = 1UL << (last % 64);
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
            _ = sched_setaffinity(int.Parse(Path.GetFileName(task)), (nuint)(one.Length * sizeof(ulong)), one);
    }

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int pid, nuint size, Span<ulong> mask);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int pid, nuint size, ReadOnlySpan<ulong> mask);
}
