using System.Runtime.CompilerServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Tests.Fs;

namespace Nommu.Core.Tests.Syscalls;

/// <summary>Guest threads without guest code: files, a process each, and some memory to point into. A test calls the handlers of system calls as they are.</summary>
internal sealed class SyscallFixture : IDisposable
{
    private const int Size = 1 << 20;

    private readonly ulong _base;
    private ulong _next;

    internal SyscallFixture()
    {
        _base = HostMemory.Reserve(Size);
        Assert.That(_base, Is.Not.Zero);
        Assert.That(HostMemory.Protect(_base, Size / 2, MapProtection.PROT_READ | MapProtection.PROT_WRITE), Is.EqualTo(Errno.None));
        _next = _base;
        Memory = new UserMemory(_base, _base + Size);
        Tasks = new TaskTable(new NoEvents());
        Thread = NewThread();
    }

    internal TestFiles Files { get; } = new();

    internal UserMemory Memory { get; }

    internal TaskTable Tasks { get; }

    internal GuestThread Thread { get; }

    /// <summary>An address in the arena where nothing is.</summary>
    internal ulong Bad => _base + (Size / 2) + 8;

    /// <summary>A thread of a process of its own, with no descriptors or with somebody's.</summary>
    internal GuestThread NewThread(FileDescriptorTable? files = null)
    {
        lock (Tasks.Lock)
        {
            var process = Tasks.Add(null).Value;
            var thread = new GuestThread(Memory, files ?? new FileDescriptorTable(), Files.FileSystem.CreateContext(), Credentials.Root)
            {
                Id = process.Id,
                Process = process,
                Space = new AddressSpace(null!), // nothing is mapped
                Clock = new Nommu.Core.Time.KernelClock(TimeProvider.System),
            };
            process.Threads.Add(thread);
            return thread;
        }
    }

    /// <summary>Memory for some values.</summary>
    internal UserPtr<T> Allocate<T>(int count = 1) where T : unmanaged
    {
        var address = _next;
        _next += (ulong)((Unsafe.SizeOf<T>() * count) + 15) & ~15UL;
        Assert.That(_next, Is.LessThanOrEqualTo(_base + (Size / 2)));
        return new UserPtr<T>(address);
    }

    internal UserPtr<T> Put<T>(params ReadOnlySpan<T> values) where T : unmanaged
    {
        var pointer = Allocate<T>(values.Length);
        for (var i = 0; i < values.Length; i++)
            Assert.That(Memory.Write(pointer.At(i), values[i]), Is.EqualTo(Errno.None));
        return pointer;
    }

    internal T Get<T>(UserPtr<T> pointer, int index = 0) where T : unmanaged
    {
        Assert.That(Memory.Read(pointer.At(index), out var value), Is.EqualTo(Errno.None));
        return value;
    }

    /// <summary>A file of the root, as a descriptor.</summary>
    internal int Open(string path, OpenFlags flags = OpenFlags.O_RDWR | OpenFlags.O_CREAT, GuestThread? thread = null) =>
        (thread ?? Thread).Files.Add(Files.Open(path, flags).Value, closeOnExec: false).Value;

    internal (int Read, int Write) Pipe(OpenFlags flags = OpenFlags.O_RDONLY, GuestThread? thread = null)
    {
        var ends = Allocate<int>(2);
        Assert.That(Nommu.Core.Syscalls.PipeSyscalls.Pipe2(thread ?? Thread, ends, flags).Value, Is.Zero);
        return (Get(ends), Get(ends, 1));
    }

    internal long Write(int fd, string text, GuestThread? thread = null)
    {
        var bytes = Put<byte>(TestFiles.Bytes(text));
        return Nommu.Core.Syscalls.ReadWriteSyscalls.Write(thread ?? Thread, fd, bytes, (nuint)text.Length).Value;
    }

    internal string Read(int fd, int count = 4096, GuestThread? thread = null)
    {
        var buffer = Allocate<byte>(count);
        var result = Nommu.Core.Syscalls.ReadWriteSyscalls.Read(thread ?? Thread, fd, buffer, (nuint)count);
        if (result.Error != Errno.None)
            return result.Error.ToString();
        var bytes = new byte[result.Value];
        Assert.That(Memory.Read(buffer.Address, bytes), Is.EqualTo(Errno.None));
        return System.Text.Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Waits until a thread sleeps in a system call: the only way to know that it has come to wait.</summary>
    internal static void UntilAsleep(GuestThread thread) => Assert.That(SpinWait.SpinUntil(() => thread.IsAsleep, TimeSpan.FromSeconds(20)), "it never slept");

    /// <summary>A signal for a thread, as kill(2) sends it.</summary>
    internal void Signal(GuestThread thread, Signal signal)
    {
        lock (Tasks.Lock)
            _ = SignalGeneration.Send(thread, Siginfo.FromKernel(signal));
    }

    public void Dispose()
    {
        Files.Dispose();
        HostMemory.Release(_base, Size);
    }

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
}
