using Nommu.Core.Abi;
using Nommu.Core.Ipc;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: <c>proc_root_init</c> and the many calls of <c>proc_create</c>: the table of contents of /proc itself.</summary>
internal static class ProcTree
{
    private const InodeMode ReadAll = (InodeMode)0x124;

    internal static void Fill(ProcfsSuperBlock fileSystem, PseudoDirectory root)
    {
        root.Add("self", new SelfLink(fileSystem, fileSystem.NextIno(), isThread: false));
        root.Add("thread-self", new SelfLink(fileSystem, fileSystem.NextIno(), isThread: true));
        root.Add("mounts", new PseudoSymlink(fileSystem, fileSystem.NextIno(), "self/mounts"));
        AddFile(root, "meminfo", KernelMemory.Show);
        AddFile(root, "cpuinfo", CpuInfo.Show);
        AddFile(root, "uptime", KernelStat.ShowUptime);
        AddFile(root, "loadavg", KernelStat.ShowLoad);
        AddFile(root, "stat", KernelStat.Show);
        AddFile(root, "interrupts", KernelStat.ShowInterrupts);
        AddFile(root, "filesystems", KernelLists.ShowFileSystems);
        AddFile(root, "devices", KernelLists.ShowDevices);
        AddFile(root, "partitions", static (_, text) => text.Add("major minor  #blocks  name\n\n"u8));
        AddFile(root, "diskstats", static (_, _) => { });
        AddFile(root, "swaps", static (_, text) => text.Add("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"u8));
        AddFile(root, "version", KernelLists.ShowVersion);
        AddFile(root, "cmdline", static (machine, text) => text.Add($"{machine.CommandLine}\n"));
        root.Add("net", new PseudoDirectory(fileSystem, fileSystem.NextIno()));
        var ipc = new PseudoDirectory(fileSystem, fileSystem.NextIno());
        root.Add("sysvipc", ipc);
        ipc.Add("msg", new IpcFile(fileSystem, fileSystem.NextIno(), ReadAll, SysvIpc.ShowQueues));
        ipc.Add("sem", new IpcFile(fileSystem, fileSystem.NextIno(), ReadAll, SysvIpc.ShowSemaphores));
        ipc.Add("shm", new IpcFile(fileSystem, fileSystem.NextIno(), ReadAll, SysvIpc.ShowSegments));
        root.Add("sys", SysctlTree.Make(fileSystem));

        void AddFile(PseudoDirectory directory, string name, Action<Machine, SeqText> show) =>
            directory.Add(name, new KernelFile(fileSystem, fileSystem.NextIno(), ReadAll, show));
    }
}

/// <summary>Linux: a file of <c>proc_create_single</c>: one about the kernel as a whole.</summary>
internal sealed class KernelFile(ProcfsSuperBlock fileSystem, ulong ino, InodeMode mode, Action<Machine, SeqText> show) : SeqInode(fileSystem, ino, mode)
{
    /// <inheritdoc/>
    internal override Errno Show(SeqText text, GuestThread? opener)
    {
        show(fileSystem.Machine, text);
        return Errno.None;
    }
}

/// <summary>The same about the reader's IPC namespace.</summary>
internal sealed class IpcFile(ProcfsSuperBlock fileSystem, ulong ino, InodeMode mode, Action<SystemVIpc, SeqText> show) : SeqInode(fileSystem, ino, mode)
{
    /// <inheritdoc/>
    internal override Errno Show(SeqText text, GuestThread? opener)
    {
        show(opener?.Ipc ?? fileSystem.Machine.Ipc, text);
        return Errno.None;
    }
}
