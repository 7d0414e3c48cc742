using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs.Procfs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>sysinfo(2). Load averages are not counted and stay zero, as in /proc/loadavg.</summary>
internal static class SysinfoSyscalls
{
    [Syscall(99, "sysinfo")]
    internal static SyscallResult Sysinfo(GuestThread thread, [Out] UserPtr<Sysinfo> info)
    {
        var machine = thread.Machine;
        var arena = machine.Arena;
        var shared = machine.Arena.Account.Files;
        var threads = 0;
        lock (machine.Tasks.Lock)
        {
            foreach (var process in machine.Tasks.Processes)
                threads += Math.Max(1, process.Threads.Count);
        }
        return thread.Memory.Write(info, new Sysinfo
        {
            Uptime = (machine.Clock.UptimeNanoseconds + KernelClock.NanosecondsPerSecond - 1) / KernelClock.NanosecondsPerSecond,
            TotalRam = (ulong)arena.Limit * Arena.PageSize,
            FreeRam = (ulong)KernelMemory.Free(machine) * Arena.PageSize,
            SharedRam = (ulong)shared * Arena.PageSize,
            Processes = (ushort)Math.Min(threads, ushort.MaxValue),
            MemoryUnit = 1,
        });
    }
}
