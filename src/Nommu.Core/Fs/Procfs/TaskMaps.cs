using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID/maps and smaps. Differs: without an MMU Linux has no smaps; ours has, as pmap stands on it, and nobody knows how many share a page, so a proportional share is the whole.</summary>
internal static class TaskMaps
{
    /// <summary>Names begin in this column: 25 and six times the size of a pointer (proc(5) shows it).</summary>
    private const int NameColumn = 72;

    internal static Errno Show(ProcTask task, SeqText text, GuestThread? opener) => Show(task, text, opener, withFigures: false);

    internal static Errno ShowFigures(ProcTask task, SeqText text, GuestThread? opener) => Show(task, text, opener, withFigures: true);

    private static Errno Show(ProcTask task, SeqText text, GuestThread? opener, bool withFigures)
    {
        if (task.RetainMemory() is not { } memory)
            return Errno.None;
        var root = (opener?.Fs ?? task.FindThread()?.Fs)?.Root ?? task.FileSystem.Machine.FileSystem.Root;
        foreach (var area in memory.Snapshot())
        {
            ShowArea(text, area, root);
            if (withFigures)
                ShowFigures(text, area, memory.CountResident(area.Start));
        }
        memory.Release();
        return Errno.None;
    }

    private static void ShowArea(SeqText text, in VmAreaInfo area, FsPath root)
    {
        var inode = area.Path.IsValid ? area.Path.Inode : null;
        var device = inode?.SuperBlock.Device ?? default;
        text.StartLine();
        text.Add($"{area.Start:x8}-{area.End:x8} ");
        text.Add($"{Flag(area, MapProtection.PROT_READ, 'r')}{Flag(area, MapProtection.PROT_WRITE, 'w')}{Flag(area, MapProtection.PROT_EXEC, 'x')}");
        text.Add($"{((area.Flags & VmFlags.Shared) != 0 ? 's' : 'p')} {(inode is null ? 0 : area.Offset):x8} {device.Major:x2}:{device.Minor:x2} {inode?.Ino ?? 0} ");
        if (inode is not null)
        {
            text.PadTo(NameColumn);
            text.AddEscaped(PathNaming.Describe(area.Path, root), "\n"u8);
        }
        else if (area.Name is { } name)
        {
            text.PadTo(NameColumn);
            text.Add($"{name}");
        }
        text.Add("\n"u8);
    }

    private static void ShowFigures(SeqText text, in VmAreaInfo area, ResidentPages resident)
    {
        const long Page = (long)Arena.PageSize / 1024;
        Add(text, "Size:           "u8, (long)(area.End - area.Start) / 1024);
        Add(text, "KernelPageSize: "u8, Page);
        Add(text, "MMUPageSize:    "u8, Page);
        Add(text, "Rss:            "u8, resident.Total * Page);
        Add(text, "Pss:            "u8, resident.Total * Page);
        Add(text, "Shared_Clean:   "u8, resident.File * Page);
        Add(text, "Shared_Dirty:   "u8, resident.Shared * Page);
        Add(text, "Private_Clean:  "u8, 0);
        Add(text, "Private_Dirty:  "u8, resident.Anonymous * Page);
        Add(text, "Referenced:     "u8, resident.Total * Page);
        Add(text, "Anonymous:      "u8, resident.Anonymous * Page);
        Add(text, "Swap:           "u8, 0);
        Add(text, "SwapPss:        "u8, 0);
        Add(text, "Locked:         "u8, (area.Flags & VmFlags.Locked) == 0 ? 0 : resident.Total * Page);
    }

    private static void Add(SeqText text, ReadOnlySpan<byte> name, long figure)
    {
        text.Add(name);
        text.Add($"{figure,8} kB\n");
    }

    private static char Flag(in VmAreaInfo area, MapProtection bit, char letter) => (area.Protection & bit) != 0 ? letter : '-';
}
