using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID/maps.</summary>
internal static class TaskMaps
{
    /// <summary>Names begin in this column: 25 and six times the size of a pointer (proc(5) shows it).</summary>
    private const int NameColumn = 72;

    internal static Errno Show(ProcTask task, SeqText text, GuestThread? opener)
    {
        if (task.RetainMemory() is not { } memory)
            return Errno.None;
        var root = (opener?.Fs ?? task.FindThread()?.Fs)?.Root ?? task.FileSystem.Machine.FileSystem.Root;
        foreach (var area in memory.Snapshot())
            ShowArea(text, area, root);
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

    private static char Flag(in VmAreaInfo area, MapProtection bit, char letter) => (area.Protection & bit) != 0 ? letter : '-';
}
