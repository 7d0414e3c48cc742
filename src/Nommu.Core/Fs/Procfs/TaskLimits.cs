using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>/proc/PID/limits (proc(5)): the resource limits of getrlimit(2), with their units.</summary>
internal static class TaskLimits
{
    private static readonly (ResourceLimit Resource, string Name, string Unit)[] Rows =
    [
        (ResourceLimit.RLIMIT_CPU, "Max cpu time", "seconds"),
        (ResourceLimit.RLIMIT_FSIZE, "Max file size", "bytes"),
        (ResourceLimit.RLIMIT_DATA, "Max data size", "bytes"),
        (ResourceLimit.RLIMIT_STACK, "Max stack size", "bytes"),
        (ResourceLimit.RLIMIT_CORE, "Max core file size", "bytes"),
        (ResourceLimit.RLIMIT_RSS, "Max resident set", "bytes"),
        (ResourceLimit.RLIMIT_NPROC, "Max processes", "processes"),
        (ResourceLimit.RLIMIT_NOFILE, "Max open files", "files"),
        (ResourceLimit.RLIMIT_MEMLOCK, "Max locked memory", "bytes"),
        (ResourceLimit.RLIMIT_AS, "Max address space", "bytes"),
        (ResourceLimit.RLIMIT_LOCKS, "Max file locks", "locks"),
        (ResourceLimit.RLIMIT_SIGPENDING, "Max pending signals", "signals"),
        (ResourceLimit.RLIMIT_MSGQUEUE, "Max msgqueue size", "bytes"),
        (ResourceLimit.RLIMIT_NICE, "Max nice priority", ""),
        (ResourceLimit.RLIMIT_RTPRIO, "Max realtime priority", ""),
        (ResourceLimit.RLIMIT_RTTIME, "Max realtime timeout", "us"),
    ];

    internal static Errno Show(ProcTask task, SeqText text, GuestThread? opener)
    {
        _ = opener;
        text.Add($"{"Limit",-25} {"Soft Limit",-20} {"Hard Limit",-20} {"Units",-10}\n");
        foreach (var (resource, name, unit) in Rows)
        {
            var limit = task.Process.Limits[resource];
            text.Add($"{name,-25} {Value(limit.Current),-20} {Value(limit.Maximum),-20} ");
            if (unit.Length != 0)
                text.Add($"{unit,-10}");
            text.Add("\n"u8);
        }
        return Errno.None;
    }

    private static string Value(ulong limit) => limit == Rlimit.RLIM_INFINITY ? "unlimited" : limit.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
