using Nommu.Core.Fs;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>task_struct</c>. Differs: what threads share (memory, files, signal handlers) is shared by holding the same object; the process they belong to is a <see cref="GuestProcess"/>.</summary>
internal sealed partial class GuestThread : Waiter, IFaultHandler
{
    internal GuestThread(UserMemory memory, FileDescriptorTable files, FsContext fs, Credentials credentials)
    {
        Memory = memory.For(this);
        Files = files;
        Fs = fs;
        Credentials = credentials;
        PollTable = new PollTable(this);
        FutexWaiter = new FutexWaiter(this);
    }

    internal UserMemory Memory { get; }

    /// <summary>Its memory, with one reference. Replaced by execve(2).</summary>
    internal AddressSpace Space { get; set; } = null!;

    /// <summary>Its descriptors, with one reference.</summary>
    internal FileDescriptorTable Files { get; set; }

    /// <summary>Its root, working directory and umask, with one reference.</summary>
    internal FsContext Fs { get; set; }

    /// <summary>The kernel it belongs to.</summary>
    internal Machine Machine => Process.Machine;

    /// <summary>Linux: <c>comm</c>: up to 15 bytes, as prctl(PR_SET_NAME) and /proc/PID/comm have it.</summary>
    internal byte[] Name { get; set; } = [];

    /// <summary>Whose rights it has.</summary>
    internal Credentials Credentials
    {
        get;
        set
        {
            field = value;
            LoadIdentity();
        }
    }

    /// <summary>For the one wait this thread can be in.</summary>
    internal PollTable PollTable { get; }
}
