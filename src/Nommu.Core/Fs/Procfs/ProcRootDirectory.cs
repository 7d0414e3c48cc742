using System.Globalization;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: <c>proc_root</c>: the kernel's own files, then a directory per process. A thread's number is found, too, but not listed.</summary>
internal sealed class ProcRootDirectory(ProcfsSuperBlock fileSystem, ulong ino) : PseudoDirectory(fileSystem, ino)
{
    private const long FirstProcess = 0x10000;

    /// <inheritdoc/>
    public override bool CachesNames => false;

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name)
    {
        var found = base.Lookup(name);
        if (found.IsOk || !PidName.TryParse(name.Bytes, out var id))
            return found;
        var tasks = fileSystem.Machine.Tasks;
        lock (tasks.Lock)
        {
            if (tasks.Find(id) is { } process)
                return new TaskDirectory(new ProcTask(fileSystem, process, id, isThread: false));
            foreach (var owner in tasks.Processes)
            {
                if (owner.Threads.Exists(thread => thread.Id == id))
                    return new TaskDirectory(new ProcTask(fileSystem, owner, id, isThread: false));
            }
        }
        return Errno.ENOENT;
    }

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        if (cookie < Count)
            return base.NextEntry(cookie);
        var after = cookie - FirstProcess;
        var tasks = fileSystem.Machine.Tasks;
        lock (tasks.Lock)
        {
            foreach (var process in tasks.Processes)
            {
                if (process.Id > after)
                    return new DirectoryEntry(PidName.Of(process.Id), ProcTask.InoOf(process.Id, isThread: false, TaskEntries.Directory), InodeMode.S_IFDIR, FirstProcess + process.Id);
            }
        }
        return Errno.ENOENT;
    }
}

/// <summary>Linux: <c>name_to_int</c>. Numbers as names: decimal, without sign or leading zero.</summary>
internal static class PidName
{
    internal static bool TryParse(ReadOnlySpan<byte> name, out int number) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number) && (name[0] != '0' || name.Length == 1);

    internal static FileName Of(int number) => number.ToString(CultureInfo.InvariantCulture);
}
