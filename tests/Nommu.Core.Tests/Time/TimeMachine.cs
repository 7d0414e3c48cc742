using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Fs;
using Nommu.Core.Loader;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Syscalls;
using Nommu.Core.Time;

namespace Nommu.Core.Tests.Time;

/// <summary>A kernel without files whose guest threads are played by threads of the test, which call the kernel as programs would.</summary>
internal sealed class TimeMachine : IDisposable
{
    private readonly Arena _arena = new(16 << 20, 1UL << 30);
    private readonly SyscallDispatcher _dispatcher = new(NullLogger.Instance);
    private readonly AddressSpace _space;
    private ulong _next;

    internal TimeMachine(TimeProvider clock)
    {
        Machine = new Machine
        {
            Tasks = new TaskTable(new ProcessSignals()),
            Arena = _arena,
            FileSystem = null!,
            Clock = new KernelClock(clock),
            Loader = new ProgramLoader(_arena, []),
            Log = new LogBuffer(clock),
            HostThreads = null!,
            Logger = NullLogger.Instance,
        };
        Machine.Tasks.Machine = Machine;
        _space = new AddressSpace(_arena);
        _next = _space.Map(new MapRequest(0, 1 << 20, MapProtection.PROT_READ | MapProtection.PROT_WRITE, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS)).Value;
        Main = Start(null);
    }

    internal Machine Machine { get; }

    /// <summary>Process 1.</summary>
    internal GuestThread Main { get; }

    /// <summary>A process with one thread, which catches every signal.</summary>
    internal GuestThread Start(GuestProcess? parent)
    {
        lock (Machine.Tasks.Lock)
        {
            var process = Machine.Tasks.Add(parent).Value!;
            foreach (var signal in new[] { Signal.SIGALRM, Signal.SIGUSR1, Signal.SIGVTALRM, Signal.SIGPROF, Signal.SIGXCPU })
                process.Handlers[signal].Handler = 0x1000;
            return Add(process, process.Id);
        }
    }

    /// <summary>One more thread of process 1.</summary>
    internal GuestThread StartThread()
    {
        lock (Machine.Tasks.Lock)
            return Add(Main.Process, Machine.Tasks.Pids.Allocate().Value);
    }

    /// <summary>Fresh memory.</summary>
    internal UserPtr<T> Place<T>(T value = default) where T : unmanaged
    {
        var address = Interlocked.Add(ref _next, (ulong)((Unsafe.SizeOf<T>() + 15) & ~15)) - (ulong)((Unsafe.SizeOf<T>() + 15) & ~15);
        Assert.That(Main.Memory.Write(new UserPtr<T>(address), value), Is.EqualTo(Errno.None));
        return new UserPtr<T>(address);
    }

    internal T Read<T>(UserPtr<T> at) where T : unmanaged
    {
        Assert.That(Main.Memory.Read(at, out var value), Is.EqualTo(Errno.None));
        return value;
    }

    internal SyscallResult Call(GuestThread thread, SystemCallNumber number, params ulong[] a)
    {
        Array.Resize(ref a, 6);
        return _dispatcher.Dispatch(thread, (int)number, new SyscallArguments(a[0], a[1], a[2], a[3], a[4], a[5]));
    }

    internal SyscallResult Call(SystemCallNumber number, params ulong[] a) => Call(Main, number, a);

    /// <summary>A call that may sleep, on a thread of its own.</summary>
    internal Task<SyscallResult> CallLater(GuestThread thread, SystemCallNumber number, params ulong[] a) =>
        Task.Factory.StartNew(() => Call(thread, number, a), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Takes a signal, as its delivery would.</summary>
    internal Siginfo? Take(GuestThread thread)
    {
        lock (Machine.Tasks.Lock)
        {
            var taken = thread.Signals.Pending.TryTake(new SigSet(~0UL), out var info) || thread.Process.Signals.Pending.TryTake(new SigSet(~0UL), out info);
            SignalMask.Look(thread);
            return taken ? info : null;
        }
    }

    internal void Send(GuestThread thread, Signal signal)
    {
        lock (Machine.Tasks.Lock)
            Assert.That(SignalGeneration.Send(thread, Siginfo.FromKernel(signal)), Is.EqualTo(Errno.None));
    }

    public void Dispose() => _arena.Dispose();

    private GuestThread Add(GuestProcess process, int id)
    {
        var thread = new GuestThread(_arena.Memory, new FileDescriptorTable(), null!, Credentials.Root) { Id = id, Process = process, Space = _space.Retain(), Clock = Machine.Clock };
        process.Threads.Add(thread);
        return thread;
    }
}
