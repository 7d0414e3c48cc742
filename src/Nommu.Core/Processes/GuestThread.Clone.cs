using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>kernel_clone</c> and <c>copy_process</c>.</summary>
internal sealed partial class GuestThread
{
    /// <summary>Makes a child or a thread.</summary>
    /// <returns>The caller's answer, its child's number; nothing where the child has taken the caller's host thread over and answers 0 there. EINVAL, EPERM, EBADF, EAGAIN, EEXIST, EMFILE, ENOMEM, EFAULT.</returns>
    internal Syscalls.SyscallResult Clone(in CloneRequest request)
    {
        var error = request.Check(this);
        if (error != Errno.None)
            return error;
        var places = request.Has(CloneFlags.CLONE_NEWNS) ? Fs.CloneWithMounts() : null;
        var answer = Clone(request with { Places = places }, request.Has(CloneFlags.CLONE_VFORK), out var made);
        if (!made)
            places?.Release();
        return answer;
    }

    private Syscalls.SyscallResult Clone(in CloneRequest request, bool takesOver, out bool isMade)
    {
        isMade = false;
        var pidfd = NoPidfd;
        if (request.Has(CloneFlags.CLONE_PIDFD) && ReservePidfd(request.PidfdAddress, out pidfd) is not Errno.None and var noPidfd)
            return noPidfd;
        var taken = takesOver ? Host! : Machine.HostThreads.Take();
        var memory = taken.IsOk ? CloneMemory(request) : taken.Error;
        if (!memory.TryGet(out var space))
            return Unmade(taken.Value, memory.Error);
        var host = taken.Value;
        Result<GuestThread> made;
        lock (Process.Tasks.Lock)
        {
            // Who is to end makes nobody that would not know of it: another thread may be waiting to be the only one.
            made = Process.Signals.GroupExit is not null || Signals.MustExit ? Errno.ERESTARTNOINTR : IsRefusedMore() ? Errno.EAGAIN : AddChild(request, space);
            if (takesOver && made.TryGet(out var vforked))
                host.Suspend(this, vforked);
        }
        if (!made.TryGet(out var child))
        {
            space.Release();
            return Unmade(host, made.Error);
        }
        isMade = true;
        if (pidfd != NoPidfd)
            InstallPidfd(pidfd, child, request.Has(CloneFlags.CLONE_THREAD));
        if (takesOver)
        {
            Prepare(child, host.Cpu, request);
            return Syscalls.SyscallResult.NoReturn;
        }
        var id = child.Id;
        LoadStateInto(host);
        Prepare(child, host.Cpu, request);
        if (request.Has(CloneFlags.CLONE_VM))
            host.Start(child);
        else
            host.StartForked(child);
        return id;

        Syscalls.SyscallResult Unmade(HostThread? unused, Errno error)
        {
            if (unused is not null && unused != Host)
                Machine.HostThreads.PutBack(unused);
            if (pidfd != NoPidfd)
                Files.GiveBack(pidfd);
            return error;
        }
    }

    /// <summary>RLIMIT_NPROC, of which root has none (getrlimit(2)), and threads-max, which is for all.</summary>
    private bool IsRefusedMore() => Process.Tasks.IsFull || IsOverLimit();

    private bool IsOverLimit() => Credentials.Uid != 0 && !Credentials.Has(Capability.CAP_SYS_RESOURCE) && !Credentials.Has(Capability.CAP_SYS_ADMIN) && Process.Tasks.IsOverLimit(this, Credentials, 1);

    /// <summary>The child's place among processes and what it shares. With the task table's lock held.</summary>
    private Result<GuestThread> AddChild(in CloneRequest request, AddressSpace space)
    {
        var process = Process;
        int id;
        if (request.Has(CloneFlags.CLONE_THREAD))
        {
            var allocated = Process.Tasks.Pids.Allocate(request.WantedId);
            if (!allocated.TryGet(out id))
                return allocated.Error;
        }
        else
        {
            var added = Process.Tasks.Add(request.Has(CloneFlags.CLONE_PARENT) ? Process.Parent : Process, request.WantedId);
            if (!added.TryGet(out process))
                return added.Error;
            id = process.Id;
            process.ExitSignal = request.Has(CloneFlags.CLONE_PARENT) ? Process.ExitSignal : request.ExitSignal;
            process.Maker = request.Has(CloneFlags.CLONE_PARENT) ? Process.Maker : this;
            process.InheritFrom(Process, request);
            Machine.Observer?.Made(Process, process);
        }
        var files = request.Has(CloneFlags.CLONE_FILES) ? Files.Share() : Files.Clone();
        var fs = request.Has(CloneFlags.CLONE_FS) ? Fs.Share() : request.Places ?? Fs.Clone();
        var child = new GuestThread(Memory, files, fs, Credentials) { Id = id, Process = process, Space = space, Name = Name, Clock = Clock };
        child.Signals.InheritFrom(Signals, keepAlternateStack: !request.Has(CloneFlags.CLONE_VM) || request.Has(CloneFlags.CLONE_VFORK));
        child.InheritAttributes(this);
        child.InheritSemaphores(this, request);
        child.InheritNamespaces(this, request);
        process.Threads.Add(child);
        process.Debugger?.Added(child);
        return child;
    }

    private static void WriteTo(GuestThread child, ulong address, int value)
    {
        if (child.Space.Family is null)
            _ = child.Memory.Write(new UserPtr<int>(address), value);
        else
            _ = child.Space.WriteTo(address, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
    }

    private void LoadStateInto(HostThread host)
    {
        var state = Host!.Cpu.NewState();
        Host.Cpu.Save(state);
        host.Cpu.Load(state);
    }

    /// <summary>Linux: <c>copy_thread</c>. The child returns 0 from the same call, on its own stack if it was given one.</summary>
    private void Prepare(GuestThread child, GuestCpu cpu, in CloneRequest request)
    {
        cpu.Registers.Rax = 0;
        if (request.StackPointer != 0)
            cpu.Registers.Rsp = request.StackPointer;
        if (request.Has(CloneFlags.CLONE_SETTLS))
            cpu.Context.FsBase = request.Tls;
        if (request.Has(CloneFlags.CLONE_PARENT_SETTID))
            _ = Memory.Write(new UserPtr<int>(request.ParentTid), child.Id);
        if (request.Has(CloneFlags.CLONE_CHILD_SETTID))
            WriteTo(child, request.ChildTid, child.Id);
        if (request.Has(CloneFlags.CLONE_CHILD_CLEARTID))
            child.ClearChildTid = request.ChildTid;
    }
}
