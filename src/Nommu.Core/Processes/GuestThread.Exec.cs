using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Fs;
using Nommu.Core.Loader;
using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>begin_new_exec</c> and what follows it. Differs: a vfork child leaves its parent's host thread here and goes on with one of its own.</summary>
internal sealed partial class GuestThread
{
    private const int MaximumName = 15;

    /// <summary>execve(2): puts a program in the place of the one that runs.</summary>
    /// <returns>Nothing when it has worked; EAGAIN where the process is being ended, or where the host has no thread for it; any error of loading.</returns>
    internal Syscalls.SyscallResult Execute(ExecRequest request)
    {
        request.JoinFixed = JoinFixed;
        var loaded = Machine.Loader.Load(request);
        if (!loaded.TryGet(out var image))
            return loaded.Error;
        if (!image.Space.IsWithin(MemoryLimits))
        {
            // Linux finds out when there is nothing to go back to.
            image.Abandon();
            new SignalSender(Process.Tasks).BeginGroupExit(Process, WaitStatus.Signaled((int)Signal.SIGSEGV, core: false));
            return Errno.ENOMEM;
        }
        // Its parent's host thread goes back to the parent, though that may end before.
        Execution.HostThread? own = null;
        if (VforkParent is not null && !Machine.HostThreads.Take().TryGet(out own))
        {
            image.Abandon();
            return Errno.EAGAIN;
        }
        if (!BecomeOnlyThread())
        {
            image.Abandon();
            if (own is not null)
                Machine.HostThreads.PutBack(own);
            return Errno.EAGAIN;
        }
        // The point of no return: what is done below cannot fail.
        var host = Host!;
        if (VforkParent is null)
        {
            if (own is not null)
                Machine.HostThreads.PutBack(own);
            TakeOn(image, host.Cpu);
            host.Refresh(this);
            Machine.Observer?.Executed(this);
            Process.Debugger?.Executed(this);
            return Syscalls.SyscallResult.NoReturn;
        }
        TakeOn(image, own!.Cpu);
        Machine.Observer?.Executed(this);
        host.Leave(this);
        own.Start(this);
        return Syscalls.SyscallResult.NoReturn;
    }

    /// <summary>A new process's first program.</summary>
    internal void Begin(LoadedImage image, HostThread host)
    {
        TakeOn(image, host.Cpu);
        host.Start(this);
    }

    private void TakeOn(LoadedImage image, GuestCpu cpu)
    {
        cpu.Reset();
        cpu.Registers.Rip = image.Entry;
        cpu.Registers.Rsp = image.StackPointer;
        var process = Process;
        lock (process.Tasks.Lock)
        {
            process.HasExecuted = true;
            process.Handlers = process.Handlers.ForExec();
            Signals.ResetForExec();
            TakeOnRights(image.Credentials);
            process.Timers.ResetForExec();
            Name = NameOf(image.FileName.Span);
        }
        if (Files.IsShared)
        {
            var own = Files.Clone();
            Files.Release();
            Files = own;
        }
        Files.CloseOnExec();
        var old = Space;
        if (old is not null)
            ReleaseFutexes(FutexExitState.Alive);
        Space = image.Space;
        Space.Executable = image.Executable;
        LogLoadAddresses(null);
        old?.Release();
    }

    /// <summary>Linux: what of <c>begin_new_exec</c> concerns rights. With the task table's lock held.</summary>
    private void TakeOnRights(ExecCredentials? rights)
    {
        var process = Process;
        var old = Credentials;
        process.ResetAttributesForExec();
        if (rights is null)
            return;
        if (rights.IsSecure)
        {
            Attributes.ParentDeathSignal = 0;
            process.Limits.LimitStackOfOtherUsers();
        }
        ChangeCredentials(rights.Credentials);
        process.IsDumpable = process.IsDumpable && rights.IsReadable && old.Uid == old.Euid && old.Gid == old.Egid;
    }

    /// <summary>Linux: <c>de_thread</c>: all other threads end, and the caller gets the first one's number.</summary>
    /// <returns>False where the process is to end.</returns>
    private bool BecomeOnlyThread()
    {
        var process = Process;
        if (process.Threads is [var only] && only == this && Id == process.Id)
            return true;
        lock (process.Tasks.Lock)
        {
            if (process.Signals.GroupExit is not null || Signals.MustExit)
                return false;
            SignalGeneration.EndOtherThreads(this);
        }
        PollTable.Add(process.ThreadGone);
        try
        {
            while (true)
            {
                Host!.EndDoomedParents(this); // of whom some may be threads of this process
                lock (process.Tasks.Lock)
                {
                    if (process.Signals.GroupExit is not null || Signals.MustExit)
                        return false;
                    if (process.Threads.Count == 1)
                    {
                        TakeLeadersNumber();
                        return true;
                    }
                    ClearWork(WorkSignal); // only the end of the process ends this wait
                }
                _ = Sleep(-1);
            }
        }
        finally
        {
            PollTable.Clear();
            SetWork(WorkSignal);
        }
    }

    private void TakeLeadersNumber()
    {
        if (Id == Process.Id)
            return;
        Process.Tasks.Pids.Release(Id);
        Id = Process.Id;
        LoadIdentity();
    }

    /// <summary>Tells a debugger's user where program text is: all of it, or what has been mapped at an address.</summary>
    internal void LogLoadAddresses(ulong? mapped)
    {
        if (!Machine.ProgramLog.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Debug))
            return;
        foreach (var text in Space.LoadedTexts())
        {
            if (mapped is null || mapped == text.Start)
                Diagnostics.KernelLog.Loaded(Machine.ProgramLog, Process.Id, PathNaming.DescribeAsText(text.Path), text.Bias);
        }
    }

    private static byte[] NameOf(ReadOnlySpan<byte> path)
    {
        path = path[(path.LastIndexOf((byte)'/') + 1)..];
        return path[..Math.Min(path.Length, MaximumName)].ToArray();
    }
}
