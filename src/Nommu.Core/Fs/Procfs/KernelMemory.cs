using Nommu.Core.Abi;
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
        var shared = InTmpfs(machine);
        var free = Free(machine, shared);
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
        Row(text, "Committed_AS", charged);
        text.Add($"VmallocTotal:   {0,8} kB\nVmallocUsed:    {0,8} kB\n");
    }

    /// <summary>What nobody uses, in pages.</summary>
    internal static long Free(Machine machine, long inTmpfs) => Math.Max(0, machine.Arena.Limit - machine.Arena.Charged - inTmpfs);

    /// <summary>What the files of all tmpfs instances take, in pages.</summary>
    internal static long InTmpfs(Machine machine)
    {
        var seen = new HashSet<SuperBlock>();
        long pages = 0;
        foreach (var mount in machine.FileSystem.Mounts.Snapshot())
        {
            if (mount.SuperBlock.Type.Magic != (long)StatfsMagic.TMPFS_MAGIC || !seen.Add(mount.SuperBlock) || !mount.SuperBlock.Statfs().TryGet(out var status))
                continue;
            pages += (long)(status.Blocks - status.BlocksFree);
        }
        return pages;
    }

    /// <summary>The label takes 16 columns with its colon, the number 8.</summary>
    private static void Row(SeqText text, string label, long pages) => text.Add($"{label + ':',-16}{pages * (long)(Arena.PageSize / 1024),8} kB\n");
}
