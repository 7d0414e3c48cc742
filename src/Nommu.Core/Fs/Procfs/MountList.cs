using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID/mounts and mountinfo (fs/proc_namespace.c): the mounts that lie below a process's root.</summary>
internal static class MountList
{
    private static readonly (MountFlags Flag, string Name)[] Options =
    [
        (MountFlags.MS_NOSUID, ",nosuid"),
        (MountFlags.MS_NODEV, ",nodev"),
        (MountFlags.MS_NOEXEC, ",noexec"),
        (MountFlags.MS_NOATIME, ",noatime"),
        (MountFlags.MS_NODIRATIME, ",nodiratime"),
        (MountFlags.MS_RELATIME, ",relatime"),
        (MountFlags.MS_NOSYMFOLLOW, ",nosymfollow"),
    ];

    /// <summary>Source, place, type, options, and two zeros (fstab(5)).</summary>
    internal static Errno ShowMounts(ProcTask task, SeqText text, GuestThread? opener)
    {
        if (task.FindThread()?.Fs is not { } fs)
            return Errno.EINVAL;
        foreach (var mount in fs.Mounts.Snapshot())
        {
            var place = PlaceOf(mount, fs.Root);
            if (place.Length == 0)
                continue;
            text.AddEscaped(System.Text.Encoding.UTF8.GetBytes(mount.Source.Length == 0 ? "none" : mount.Source), " \t\n\\#"u8);
            text.Add(" "u8);
            text.AddEscaped(place, " \t\n\\"u8);
            text.Add($" {mount.SuperBlock.Type.Name} {(mount.IsReadOnly ? "ro" : "rw")}");
            ShowSuperBlockFlags(text, mount.SuperBlock);
            ShowMountFlags(text, mount);
            ShowOptions(text, mount.SuperBlock);
            text.Add(" 0 0\n"u8);
        }
        return Errno.None;
    }

    /// <summary>Number, parent, device, root, place, options, a dash, type, source, options of the file system (proc(5)).</summary>
    internal static Errno ShowMountInfo(ProcTask task, SeqText text, GuestThread? opener)
    {
        if (task.FindThread()?.Fs is not { } fs)
            return Errno.EINVAL;
        foreach (var mount in fs.Mounts.Snapshot())
        {
            var place = PlaceOf(mount, fs.Root);
            if (place.Length == 0)
                continue;
            var superBlock = mount.SuperBlock;
            text.Add($"{mount.Id} {mount.Parent?.Id ?? mount.Id} {superBlock.Device.Major}:{superBlock.Device.Minor} ");
            text.AddEscaped(RootOf(mount), " \t\n\\"u8);
            text.Add(" "u8);
            text.AddEscaped(place, " \t\n\\"u8);
            text.Add($" {((mount.Flags & MountFlags.MS_RDONLY) != 0 ? "ro" : "rw")}");
            ShowMountFlags(text, mount);
            text.Add($" - {superBlock.Type.Name} ");
            text.AddEscaped(System.Text.Encoding.UTF8.GetBytes(mount.Source.Length == 0 ? "none" : mount.Source), " \t\n\\#"u8);
            text.Add($" {((superBlock.Flags & MountFlags.MS_RDONLY) != 0 ? "ro" : "rw")}");
            ShowSuperBlockFlags(text, superBlock);
            ShowOptions(text, superBlock);
            text.Add("\n"u8);
        }
        return Errno.None;
    }

    /// <summary>Where a mount is seen; empty where it can't be reached from a root.</summary>
    private static byte[] PlaceOf(Mount mount, FsPath root)
    {
        var path = new FsPath(mount, mount.Root);
        var text = PathNaming.Write(path, root, new byte[GuestThread.MaximumPath], out var reachable);
        return reachable ? text.ToArray() : [];
    }

    private static byte[] RootOf(Mount mount)
    {
        var text = "";
        for (var dentry = mount.Root; !dentry.IsRoot; dentry = dentry.Parent)
            text = $"/{dentry.Name}{text}";
        return System.Text.Encoding.UTF8.GetBytes(text.Length == 0 ? "/" : mount.Root.IsDeleted ? text + "//deleted" : text);
    }

    private static void ShowMountFlags(SeqText text, Mount mount)
    {
        foreach (var (flag, name) in Options)
        {
            if ((mount.Flags & flag) != 0)
                text.Add($"{name}");
        }
    }

    private static void ShowSuperBlockFlags(SeqText text, SuperBlock superBlock)
    {
        if ((superBlock.Flags & MountFlags.MS_SYNCHRONOUS) != 0)
            text.Add(",sync"u8);
    }

    private static void ShowOptions(SeqText text, SuperBlock superBlock)
    {
        if (superBlock.Options.Length > 0)
            text.Add($",{superBlock.Options}");
    }
}
