using System.Runtime.InteropServices;
using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Drivers.Tty;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Devpts;
using Nommu.Core.Fs.Tmpfs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Tests.Drivers.Tty;

/// <summary>Terminals with processes that never run: their signals stay pending, where a test finds them.</summary>
internal sealed class TestMachine : IDisposable
{
    private readonly PageStore _store = new(16 << 20);
    private readonly byte[] _memory = GC.AllocateArray<byte>(4096, pinned: true);
    private readonly UserMemory _user;
    private readonly FsContext _fs;

    internal TestMachine()
    {
        var address = (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0);
        _user = new UserMemory(address, address + 4096);
        Address = address;
        var devpts = new DevptsType();
        var devices = new DeviceTable();
        Files = new VirtualFileSystem([new TmpfsType(_store), devpts], "tmpfs", default, devices, TimeProvider.System);
        Driver = new TerminalDriver(Tasks, Time, devpts, devices);
        Init = Start(null);
        _fs = Init.Fs;
        var caller = new FsCaller(_fs, Credentials.Root);
        NameCreation.MakeDirectory(caller, _fs.Root, "/dev"u8, (InodeMode)0x1ED);
        NameCreation.MakeDirectory(caller, _fs.Root, "/dev/pts"u8, (InodeMode)0x1ED);
        var pts = devpts.Mount(new MountRequest("devpts", MountFlags.None, "gid=5,mode=620,ptmxmode=666"u8, Files.NextDevice(), Files.Clock)).Value;
        Files.Mounts.Add(pts, caller.Resolve(_fs.Root, "/dev/pts"u8).Value, MountFlags.None, "devpts");
        foreach (var (name, number) in new[] { ("tty", new DeviceNumber(5, 0)), ("console", new(5, 1)), ("ptmx", new(5, 2)), ("ttyS0", new(4, 64)) })
            NameCreation.MakeNode(caller, _fs.Root, Encoding.ASCII.GetBytes($"/dev/{name}"), InodeMode.S_IFCHR | (InodeMode)0x1B6, number);
    }

    internal TaskTable Tasks { get; } = new(new ProcessSignals());

    internal ManualTime Time { get; } = new();

    internal VirtualFileSystem Files { get; }

    internal TerminalDriver Driver { get; }

    internal GuestThread Init { get; }

    internal ulong Address { get; }

    internal GuestThread Start(GuestThread? parent, bool newSession = false, bool newGroup = false)
    {
        var process = Tasks.Add(parent?.Process).Value;
        var thread = new GuestThread(_user, new FileDescriptorTable(), Files.CreateContext(), Credentials.Root) { Id = process.Id, Process = process };
        process.Threads.Add(thread);
        if (newSession)
            Assert.That(Tasks.CreateSession(process).IsOk);
        if (newGroup)
            Assert.That(Tasks.SetProcessGroup(process, process.Id, process.Id), Is.EqualTo(Errno.None));
        return thread;
    }

    internal Result<FileDescription> TryOpen(string path, GuestThread thread, OpenFlags flags = OpenFlags.O_RDWR) =>
        FileOpening.Open(new FsCaller(thread.Fs, thread.Credentials, thread), thread.Fs.Root, Encoding.ASCII.GetBytes(path), flags, default);

    internal FileDescription Open(string path, GuestThread thread, OpenFlags flags = OpenFlags.O_RDWR)
    {
        var opened = TryOpen(path, thread, flags);
        Assert.That(opened.Error, Is.EqualTo(Errno.None), path);
        return opened.Value;
    }

    /// <summary>A pair that init opens.</summary>
    internal (FileDescription Master, string Slave) Pair()
    {
        var master = Open("/dev/ptmx", Init);
        Assert.That(Ioctl(master, IoctlNumber.TIOCSPTLCK, Init, 0).Error, Is.EqualTo(Errno.None));
        Assert.That(Ioctl(master, IoctlNumber.TIOCGPTN, Init).Error, Is.EqualTo(Errno.None));
        return (master, $"/dev/pts/{Argument}");
    }

    /// <summary>The int that an ioctl's argument points to.</summary>
    internal int Argument
    {
        get => MemoryMarshal.Read<int>(_memory);
        set => MemoryMarshal.Write(_memory, value);
    }

    internal Span<byte> Memory => _memory;

    internal Result<long> Ioctl(FileDescription file, IoctlNumber request, GuestThread thread, int? argument = null)
    {
        if (argument is { } value)
            Argument = value;
        return file.Ioctl(new IoctlRequest { Request = (uint)request, Argument = Address, Memory = _user, Thread = thread });
    }

    internal Result<long> IoctlValue(FileDescription file, IoctlNumber request, GuestThread thread, ulong argument) =>
        file.Ioctl(new IoctlRequest { Request = (uint)request, Argument = argument, Memory = _user, Thread = thread });

    internal static string Read(FileDescription file, int length = 4096)
    {
        var buffer = new byte[length];
        var to = new IoVector(buffer.AsSpan());
        var result = file.Read(ref to);
        return result.TryGet(out var count) ? Encoding.Latin1.GetString(buffer, 0, (int)count) : result.Error.ToString();
    }

    internal static Result<long> Write(FileDescription file, string text)
    {
        var from = new IoVector((ReadOnlySpan<byte>)Encoding.Latin1.GetBytes(text));
        return file.Write(ref from);
    }

    /// <summary>The signals a process has been sent and not taken.</summary>
    internal static string Pending(GuestThread thread)
    {
        var text = new StringBuilder();
        for (var signal = 1; signal <= 31; signal++)
        {
            if ((thread.Process.Signals.Pending.Set | thread.Signals.Pending.Set).Contains((Signal)signal))
                text.Append(text.Length > 0 ? " " : "").Append((Signal)signal);
        }
        return thread.Process.Signals.GroupExit is { } exit ? $"{(Signal)exit.TerminatingSignal}!" : text.ToString();
    }

    /// <summary>Catches what would end it.</summary>
    internal static GuestThread Catching(GuestThread thread)
    {
        foreach (var signal in new[] { Signal.SIGHUP, Signal.SIGINT, Signal.SIGQUIT, Signal.SIGCONT, Signal.SIGWINCH })
            thread.Process.Handlers[signal].Handler = 0x1000;
        return thread;
    }

    public void Dispose()
    {
        Files.Mounts.Clear();
        _store.Dispose();
    }

    /// <summary>A clock whose timers fire when the test says so.</summary>
    internal sealed class ManualTime : TimeProvider
    {
        private readonly List<ManualTimer> _timers = [];

        /// <summary>How long the timers that run were set to.</summary>
        internal TimeSpan[] Running => [.. _timers.Where(timer => timer.Due != Timeout.InfiniteTimeSpan).Select(timer => timer.Due)];

        internal void Fire()
        {
            foreach (var timer in _timers.Where(timer => timer.Due != Timeout.InfiniteTimeSpan).ToArray())
                timer.Fire();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new ManualTimer(callback, state) { Due = dueTime };
            _timers.Add(timer);
            return timer;
        }

        private sealed class ManualTimer(TimerCallback callback, object? state) : ITimer
        {
            internal TimeSpan Due { get; set; }

            internal void Fire()
            {
                Due = Timeout.InfiniteTimeSpan;
                callback(state);
            }

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Due = dueTime;
                return true;
            }

            public void Dispose() => Due = Timeout.InfiniteTimeSpan;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return default;
            }
        }
    }
}
