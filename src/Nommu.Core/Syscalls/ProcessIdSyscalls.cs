using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>Who is who: getpid(2), gettid(2), getppid(2), and for job control getpgid(2), setpgid(2), getsid(2), setsid(2).</summary>
[SyscallFamily(SyscallClasses.Process)]
internal static class ProcessIdSyscalls
{
    [Syscall(39, "getpid")]
    internal static SyscallResult Getpid(GuestThread thread) => (long)thread.Process.Id;

    [Syscall(186, "gettid")]
    internal static SyscallResult Gettid(GuestThread thread) => (long)thread.Id;

    [Syscall(110, "getppid")]
    internal static SyscallResult Getppid(GuestThread thread)
    {
        lock (thread.Process.Tasks.Lock)
            return (long)(thread.Process.Parent?.Id ?? 0);
    }

    [Syscall(111, "getpgrp")]
    internal static SyscallResult Getpgrp(GuestThread thread) => thread.Process.Group.Id; // one word, which no lock makes newer

    [Syscall(121, "getpgid")]
    internal static SyscallResult Getpgid(GuestThread thread, int pid)
    {
        lock (thread.Process.Tasks.Lock)
            return Find(thread, pid) is { } process ? process.Group.Id : Errno.ESRCH;
    }

    [Syscall(124, "getsid")]
    internal static SyscallResult Getsid(GuestThread thread, int pid)
    {
        lock (thread.Process.Tasks.Lock)
            return Find(thread, pid) is { } process ? process.Group.Session.Id : Errno.ESRCH;
    }

    [Syscall(109, "setpgid")]
    internal static SyscallResult Setpgid(GuestThread thread, int pid, int group)
    {
        var process = thread.Process;
        lock (process.Tasks.Lock)
        {
            var target = pid == 0 ? process.Id : pid;
            return process.Tasks.SetProcessGroup(process, target, group == 0 ? target : group);
        }
    }

    [Syscall(112, "setsid")]
    internal static SyscallResult Setsid(GuestThread thread)
    {
        lock (thread.Process.Tasks.Lock)
            return thread.Process.Tasks.CreateSession(thread.Process);
    }

    private static GuestProcess? Find(GuestThread thread, int pid) => pid == 0 ? thread.Process : thread.Process.Tasks.Find(pid);
}
