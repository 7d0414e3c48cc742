using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/meminfo. What there is is what <c>mem=</c> allows; what guests have reserved counts as used.</summary>
internal static class KernelMemory
{
    internal static void Show(Machine machine, SeqText text)
    {
        var total = machine.Arena.Limit;
        var charged = machine.Arena.Charged;
        var shared = machine.Arena.Account.Files;
        var free = Free(machine);
        Row(text, "MemTotal", total);
        Row(text, "MemFree", free);
        Row(text, "MemAvailable", free);
        Row(text, "Buffers", 0);
        Row(text, "Cached", shared);
        foreach (var label in (ReadOnlySpan<string>)["SwapCached", "Active", "Inactive", "Unevictable", "Mlocked", "SwapTotal", "SwapFree", "Dirty", "Writeback"])
            Row(text, label, 0);
        Row(text, "AnonPages", charged);
        Row(text, "Mapped", 0);
        Row(text, "Shmem", shared);
        foreach (var label in (ReadOnlySpan<string>)["KReclaimable", "Slab", "SReclaimable", "SUnreclaim", "KernelStack", "PageTables"])
            Row(text, label, 0);
        Row(text, "CommitLimit", total);
        Row(text, "Committed_AS", charged + shared);
        text.Add($"VmallocTotal:   {0,8} kB\nVmallocUsed:    {0,8} kB\n");
    }

    /// <summary>What nobody uses, in pages.</summary>
    internal static long Free(Machine machine) => Math.Max(0, machine.Arena.Limit - machine.Arena.Account.Used);

    /// <summary>The label takes 16 columns with its colon, the number 8.</summary>
    private static void Row(SeqText text, string label, long pages) => text.Add($"{label + ':',-16}{pages * (long)(Arena.PageSize / 1024),8} kB\n");
}
