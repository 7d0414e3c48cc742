using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Fs.Pipes;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: the ctl_tables of kernel/sysctl.c and its like: the table of contents of /proc/sys.</summary>
internal static class SysctlTree
{
    /// <summary>Linux: RESERVED_PIDS + 1, and PID_MAX_LIMIT.</summary>
    private const int LowestPidMaximum = 301, HighestPidMaximum = 4 << 20;

    internal static PseudoDirectory Make(ProcfsSuperBlock fileSystem)
    {
        var root = new PseudoDirectory(fileSystem, fileSystem.NextIno());
        FillKernel(fileSystem, Sub("kernel", root));
        FillFiles(fileSystem, Sub("fs", root));
        var memory = Sub("vm", root);
        Add(fileSystem, memory, "overcommit_memory", static (_, text) => text.Add("0\n"u8));
        Add(fileSystem, memory, "mmap_min_addr", static (proc, text) => text.Add($"{proc.Machine.Arena.Start}\n"));
        return root;

        PseudoDirectory Sub(string name, PseudoDirectory parent)
        {
            var directory = new PseudoDirectory(fileSystem, fileSystem.NextIno());
            parent.Add(name, directory);
            return directory;
        }
    }

    private static void FillKernel(ProcfsSuperBlock fileSystem, PseudoDirectory kernel)
    {
        Add(fileSystem, kernel, "ostype", static (_, text) => text.Add($"{UtsNamespace.SystemName}\n"));
        Add(fileSystem, kernel, "osrelease", static (_, text) => text.Add($"{UtsNamespace.Release}\n"));
        Add(fileSystem, kernel, "version", static (proc, text) => text.Add($"{proc.Machine.Uts.Version}\n"));
        AddName("hostname", static uts => uts.NodeName, static (uts, name) => uts.NodeName = name);
        AddName("domainname", static uts => uts.DomainName, static (uts, name) => uts.DomainName = name);
        Add(fileSystem, kernel, "pid_max", static (proc, text) => text.Add($"{proc.Machine.Tasks.Pids.Maximum}\n"), StorePidMaximum);
        Add(fileSystem, kernel, "threads-max", static (proc, text) => text.Add($"{proc.Machine.Tasks.MaximumThreads}\n"), StoreThreadMaximum);
        Add(fileSystem, kernel, "ngroups_max", static (_, text) => text.Add("65536\n"u8));
        Add(fileSystem, kernel, "cap_last_cap", static (_, text) => text.Add("40\n"u8));
        Add(fileSystem, kernel, "overflowuid", static (_, text) => text.Add("65534\n"u8));
        Add(fileSystem, kernel, "overflowgid", static (_, text) => text.Add("65534\n"u8));
        Add(fileSystem, kernel, "panic", static (_, text) => text.Add("0\n"u8));
        Add(fileSystem, kernel, "printk", static (proc, text) => text.Add($"{proc.Machine.Syslog.ConsoleLevel}\t4\t{Syslog.MinimumLevel}\t{Syslog.DefaultLevel}\n"));
        IpcSysctls.Fill(fileSystem, kernel);
        var random = new PseudoDirectory(fileSystem, fileSystem.NextIno());
        kernel.Add("random", random);
        Add(fileSystem, random, "boot_id", static (proc, text) => text.Add($"{proc.BootId}\n"));
        Add(fileSystem, random, "uuid", static (_, text) => text.Add($"{Guid.NewGuid()}\n"));
        Add(fileSystem, random, "entropy_avail", static (_, text) => text.Add("256\n"u8));
        Add(fileSystem, random, "poolsize", static (_, text) => text.Add("256\n"u8));

        void AddName(string name, Func<UtsNamespace, UtsnameField> get, Action<UtsNamespace, UtsnameField> set) => kernel.Add(name, new NamespaceSysctlFile<UtsNamespace>(
            fileSystem,
            fileSystem.NextIno(),
            static (machine, opener) => opener?.Uts ?? machine.Uts,
            (uts, text) => text.Add($"{get(uts).Text}\n"),
            (uts, text) =>
            {
                lock (uts)
                    set(uts, ReadName(text));
                return Errno.None;
            }));
    }

    private static void FillFiles(ProcfsSuperBlock fileSystem, PseudoDirectory files)
    {
        Add(fileSystem, files, "file-max", static (_, text) => text.Add($"{long.MaxValue}\n"));
        Add(fileSystem, files, "nr_open", static (_, text) => text.Add($"{FileDescriptorTable.MaximumLimit}\n"));
        Add(fileSystem, files, "pipe-max-size", static (_, text) => text.Add($"{Pipe.MaximumSize}\n"));
    }

    private static void Add(ProcfsSuperBlock fileSystem, PseudoDirectory directory, string name, SysctlShow show, SysctlStore? store = null) =>
        directory.Add(name, new SysctlFile(fileSystem, fileSystem.NextIno(), show, store));

    /// <summary>Linux: <c>proc_dostring</c>: up to the end of the line, and no longer than there is room.</summary>
    private static UtsnameField ReadName(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAny((byte)'\n', (byte)0);
        var name = text[..Math.Min(end < 0 ? text.Length : end, UtsnameField.Size - 1)];
        var field = default(UtsnameField);
        name.CopyTo(field);
        return field;
    }

    /// <summary>Linux: <c>sysctl_max_threads</c>. What the host has not it does not get by that.</summary>
    private static Errno StoreThreadMaximum(ProcfsSuperBlock fileSystem, ReadOnlySpan<byte> text)
    {
        if (!SysctlNumber.TryParse(text, out var value) || value is < TaskTable.LeastThreads or > int.MaxValue)
            return Errno.EINVAL;
        var tasks = fileSystem.Machine.Tasks;
        lock (tasks.Lock)
            tasks.MaximumThreads = (int)value;
        return Errno.None;
    }

    private static Errno StorePidMaximum(ProcfsSuperBlock fileSystem, ReadOnlySpan<byte> text)
    {
        if (!SysctlNumber.TryParse(text, out var value) || value is < LowestPidMaximum or > HighestPidMaximum)
            return Errno.EINVAL;
        var tasks = fileSystem.Machine.Tasks;
        lock (tasks.Lock)
            tasks.Pids.Maximum = (int)value;
        return Errno.None;
    }
}
