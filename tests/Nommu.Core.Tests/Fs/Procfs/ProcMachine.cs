using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Procfs;
using Nommu.Core.Fs.Tmpfs;
using Nommu.Core.Loader;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Tests.Fs.Procfs;

/// <summary>A kernel with proc mounted on /proc, and processes that never run.</summary>
internal sealed class ProcMachine : IDisposable
{
    private sealed class NoEvents : IProcessEvents
    {
        public void ChildChanged(GuestProcess parent, GuestProcess child, WaitStatus status)
        {
        }

        public void GroupOrphaned(ProcessGroup group)
        {
        }

        public bool IgnoresChildren(GuestProcess parent) => false;
    }

    private readonly PageStore _store = new(16 << 20);
    private readonly FsContext _fs;

    internal ProcMachine(params IFileSystemType[] more)
    {
        Arena = new Arena(64 << 20, 1UL << 30);
        var devices = new DeviceTable();
        Machine? machine = null;
        var files = new VirtualFileSystem([new TmpfsType(_store), new ProcfsType(() => machine!), .. more], "tmpfs", default, devices, TimeProvider.System);
        machine = new Machine
        {
            Tasks = new TaskTable(new NoEvents()),
            Arena = Arena,
            FileSystem = files,
            Clock = new KernelClock(TimeProvider.System),
            Loader = new ProgramLoader(Arena, []),
            Log = new LogBuffer(TimeProvider.System),
            HostThreads = null!,
            Logger = NullLogger.Instance,
            CommandLine = "quiet mem=64m",
        };
        machine.Tasks.Machine = machine;
        Machine = machine;
        _fs = files.CreateContext();
        var root = new FsCaller(_fs, Credentials.Root);
        Assert.That(NameCreation.MakeDirectory(root, _fs.Root, "/proc"u8, (InodeMode)0x1ED), Is.EqualTo(Errno.None));
        var proc = files.FindType("proc")!.Mount(new MountRequest("proc", MountFlags.None, default, files.NextDevice(), files.Clock)).Value;
        Assert.That(files.Mounts.Add(proc!, root.Resolve(_fs.Root, "/proc"u8).Value, MountFlags.MS_NOSUID | MountFlags.MS_RELATIME, "proc"), Is.EqualTo(Errno.None));
    }

    internal Machine Machine { get; }

    internal Arena Arena { get; }

    /// <summary>A process with one thread, an empty address space and no descriptors.</summary>
    internal GuestThread Start(string name, GuestProcess? parent = null, Credentials? credentials = null)
    {
        lock (Machine.Tasks.Lock)
        {
            var process = Machine.Tasks.Add(parent).Value!;
            var thread = new GuestThread(Arena.Memory, new FileDescriptorTable(), _fs.Clone(), credentials ?? Credentials.Root)
            {
                Id = process.Id,
                Process = process,
                Name = Encoding.UTF8.GetBytes(name),
                Space = new AddressSpace(Arena),
                Clock = Machine.Clock,
            };
            process.Threads.Add(thread);
            process.HasExecuted = true;
            return thread;
        }
    }

    internal static Result<FileDescription> Open(GuestThread thread, string path, OpenFlags flags = OpenFlags.O_RDONLY) =>
        FileOpening.Open(thread.FsCaller, thread.Fs.WorkingDirectory, Encoding.UTF8.GetBytes(path), flags, (InodeMode)0x1A4);

    internal static Result<string> ReadLink(GuestThread thread, string path)
    {
        var found = Resolve(thread, path, follow: false);
        if (!found.TryGet(out var place))
            return found.Error;
        var read = ((SymlinkInode)place.Inode).ReadLink(thread.FsCaller);
        return read.TryGet(out var target) ? Encoding.UTF8.GetString(target) : read.Error;
    }

    internal static Result<FsPath> Resolve(GuestThread thread, string path, bool follow = true) =>
        thread.FsCaller.Resolve(thread.Fs.WorkingDirectory, Encoding.UTF8.GetBytes(path), follow);

    internal static Result<string> Read(GuestThread thread, string path, int pieces = 100_000)
    {
        var opened = Open(thread, path);
        if (!opened.TryGet(out var file))
            return opened.Error;
        var result = ReadAll(file, pieces);
        file.Release();
        return result;
    }

    internal static Result<string> ReadAll(FileDescription file, int pieces = 100_000)
    {
        var all = new List<byte>();
        var buffer = new byte[pieces];
        while (true)
        {
            var to = new IoVector(buffer.AsSpan());
            var read = file.Read(ref to);
            if (!read.TryGet(out var count))
                return read.Error;
            if (count == 0)
                return Encoding.UTF8.GetString(all.ToArray());
            all.AddRange(buffer.AsSpan(0, (int)count));
        }
    }

    internal static Errno Write(GuestThread thread, string path, string text, OpenFlags flags = OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_TRUNC)
    {
        var opened = Open(thread, path, flags);
        if (!opened.TryGet(out var file))
            return opened.Error;
        var from = new IoVector((ReadOnlySpan<byte>)Encoding.UTF8.GetBytes(text));
        var result = file.Write(ref from);
        file.Release();
        return result.Error;
    }

    internal static List<string> List(GuestThread thread, string path)
    {
        var directory = (DirectoryInode)Resolve(thread, path).Value.Inode;
        var names = new List<string>();
        long cookie = 0;
        lock (directory.NamesLock)
        {
            while (directory.NextEntry(cookie).TryGet(out var entry))
            {
                names.Add(entry.Name.ToString());
                cookie = entry.Cookie;
            }
        }
        return names;
    }

    public void Dispose()
    {
        Machine.FileSystem.Mounts.Clear();
        Arena.Dispose();
        _store.Dispose();
    }
}
