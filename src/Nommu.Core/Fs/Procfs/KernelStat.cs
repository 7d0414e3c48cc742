using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/uptime, loadavg, stat and interrupts. A guest's processors are the host's; time that no guest has used counts as idle.</summary>
internal static class KernelStat
{
    private const long Hundredth = ProcessTimes.Tick;

    internal static void ShowUptime(Machine machine, SeqText text)
    {
        var up = machine.Clock.UptimeNanoseconds;
        var idle = Idle(machine);
        text.Add($"{up / KernelClock.NanosecondsPerSecond}.{up / Hundredth % 100:D2} {idle / KernelClock.NanosecondsPerSecond}.{idle / Hundredth % 100:D2}\n");
    }

    /// <summary>Averages are not kept; how many threads run and are there, and the last pid, are true.</summary>
    internal static void ShowLoad(Machine machine, SeqText text)
    {
        var (running, total) = CountThreads(machine);
        lock (machine.Tasks.Lock)
            text.Add($"0.00 0.00 0.00 {running}/{total} {machine.Tasks.Pids.Last}\n");
    }

    /// <summary>user nice system idle iowait irq softirq steal guest guest_nice, in ticks; for all processors, then for each.</summary>
    internal static void Show(Machine machine, SeqText text)
    {
        var count = Environment.ProcessorCount;
        var times = ProcessTimes.Total(machine);
        var idle = Idle(machine);
        text.Add($"cpu  {times.User / Hundredth} 0 {times.System / Hundredth} {idle / Hundredth} 0 0 0 0 0 0\n");
        for (var i = 0; i < count; i++)
            text.Add($"cpu{i} {times.User / count / Hundredth} 0 {times.System / count / Hundredth} {idle / count / Hundredth} 0 0 0 0 0 0\n");
        long created;
        lock (machine.Tasks.Lock)
            created = machine.Tasks.Created;
        text.Add($"intr 0\nctxt 0\nbtime {machine.Clock.BootRealtime / KernelClock.NanosecondsPerSecond}\nprocesses {created}\n");
        text.Add($"procs_running {CountThreads(machine).Running}\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n");
    }

    /// <summary>There are none: only the heading.</summary>
    internal static void ShowInterrupts(Machine machine, SeqText text)
    {
        text.Add("           "u8);
        for (var i = 0; i < Environment.ProcessorCount; i++)
            text.Add($"CPU{i,-8}");
        text.Add("\n"u8);
    }

    private static long Idle(Machine machine)
    {
        var times = ProcessTimes.Total(machine);
        return Math.Max(0, (machine.Clock.UptimeNanoseconds * Environment.ProcessorCount) - times.User - times.System);
    }

    private static (int Running, int Total) CountThreads(Machine machine)
    {
        int running = 0, total = 0;
        lock (machine.Tasks.Lock)
        {
            foreach (var process in machine.Tasks.Processes)
            {
                foreach (var thread in process.Threads)
                {
                    total++;
                    if (!thread.IsSleeping && process.State == ProcessState.Running)
                        running++;
                }
            }
        }
        return (running, total);
    }
}
