using System.Runtime.InteropServices;

namespace Nommu.Core.Host;

/// <summary>Processor time and processors.</summary>
internal static unsafe partial class HostCalls
{
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int clock_gettime(int clock, long* time);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getrusage(int who, long* usage);

    [LibraryImport("libc")]
    internal static partial int sched_getcpu();
}
