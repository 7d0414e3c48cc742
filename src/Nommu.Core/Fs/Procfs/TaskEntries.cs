using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: <c>struct pid_entry</c>. One name below /proc/PID.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">Its type, for listing.</param>
/// <param name="Make">Makes its inode.</param>
internal sealed record TaskEntry(FileName Name, InodeMode Type, Func<ProcTask, ulong, Inode> Make);

/// <summary>Linux: <c>tgid_base_stuff</c> and <c>tid_base_stuff</c>: the table of contents of /proc/PID.</summary>
internal static class TaskEntries
{
    /// <summary>Numbers of entries begin behind that of the directory itself.</summary>
    internal const int Directory = 0;

    private const InodeMode ReadAll = (InodeMode)0x124, ReadOwner = (InodeMode)0x100, ReadWrite = (InodeMode)0x1A4;

    /// <summary>What a process has.</summary>
    internal static readonly TaskEntry[] OfProcess =
    [
        new("task", InodeMode.S_IFDIR, (task, ino) => new ThreadListDirectory(task, ino)),
        .. Common(),
    ];

    /// <summary>What a thread has.</summary>
    internal static readonly TaskEntry[] OfThread =
    [
        .. Common(),
        File("children", ReadAll, TaskStat.ShowChildren),
    ];

    private static TaskEntry[] Common() =>
    [
        new("fd", InodeMode.S_IFDIR, (task, ino) => new FdDirectory(task, ino, isInfo: false)),
        new("fdinfo", InodeMode.S_IFDIR, (task, ino) => new FdDirectory(task, ino, isInfo: true)),
        new("ns", InodeMode.S_IFDIR, (task, ino) => new NamespaceDirectory(task, ino)),
        new("mem", InodeMode.S_IFREG, (task, ino) => new TaskMemoryFile(task, ino)),
        File("environ", ReadOwner, TaskStrings.ShowEnvironment, isGuarded: true),
        File("auxv", ReadOwner, TaskStrings.ShowAuxiliaryVector, isGuarded: true),
        File("status", ReadAll, TaskStatus.Show),
        new("comm", InodeMode.S_IFREG, (task, ino) => new CommFile(task, ino, ReadWrite)),
        File("cmdline", ReadAll, TaskStrings.ShowCommandLine),
        File("stat", ReadAll, TaskStat.Show),
        File("statm", ReadAll, TaskStat.ShowMemory),
        File("maps", ReadAll, TaskMaps.Show, isGuarded: true),
        File("limits", ReadAll, TaskLimits.Show),
        File("personality", ReadOwner, static (task, text, _) => Done(text, task.FindThread()?.Attributes.Personality ?? 0)),
        File("smaps", ReadAll, TaskMaps.ShowFigures, isGuarded: true),
        File("nommu", ReadAll, TaskRewriting.Show, isGuarded: true),
        Link("cwd", (task, _) => task.FindThread()?.Fs.WorkingDirectory),
        Link("root", (task, _) => task.FindThread()?.Fs.Root),
        Link("exe", (task, _) => TaskLinks.FindExecutable(task)),
        new("mounts", InodeMode.S_IFREG, (task, ino) => new MountsFile(task, ino, ReadAll, MountList.ShowMounts)),
        new("mountinfo", InodeMode.S_IFREG, (task, ino) => new MountsFile(task, ino, ReadAll, MountList.ShowMountInfo)),
        File("wchan", ReadAll, static (_, text, _) => Done(text, "0"u8)),
        File("oom_score", ReadAll, OomScoreFile.ShowScore),
        new("oom_adj", InodeMode.S_IFREG, (task, ino) => new OomScoreFile(task, ino, ReadWrite, isOld: true)),
        new("oom_score_adj", InodeMode.S_IFREG, (task, ino) => new OomScoreFile(task, ino, ReadWrite, isOld: false)),
    ];

    private static TaskEntry File(string name, InodeMode mode, TaskShow show, bool isGuarded = false) =>
        new(name, InodeMode.S_IFREG, (task, ino) => new TaskFile(task, ino, mode, show, isGuarded));

    private static TaskEntry Link(string name, Func<ProcTask, int, FsPath?> find) =>
        new(name, InodeMode.S_IFLNK, (task, ino) => new TaskLink(task, ino, InodeMode.S_IRWXUGO, 0, 0, find));

    private static Errno Done(SeqText text, Personality personality)
    {
        text.Add($"{(uint)personality:x8}\n");
        return Errno.None;
    }

    private static Errno Done(SeqText text, ReadOnlySpan<byte> content)
    {
        text.Add(content);
        return Errno.None;
    }
}
