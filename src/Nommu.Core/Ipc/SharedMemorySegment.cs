using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>Linux: <c>struct shmid_kernel</c>. Differs: all pages are there from the start, charged as those of a shared mapping.</summary>
internal sealed class SharedMemorySegment(int key, int mode, Credentials creator, long now, FileDescription file, IMappable pages, long size) : IpcObject(key, mode, creator, now)
{
    /// <summary>A nameless file of tmpfs.</summary>
    internal FileDescription File => file;

    internal long Size => size;

    internal long Pages => PagesOf(size);

    internal required int CreatorPid { get; init; }

    internal int LastPid { get; set; }

    internal long AttachTime { get; set; }

    internal long DetachTime { get; set; }

    /// <summary>Pieces of memory that show it.</summary>
    internal int Attaches { get; set; }

    /// <summary>Has been removed and goes with its last attachment.</summary>
    internal bool IsDoomed => (Mode & (int)ShmFlags.SHM_DEST) != 0;

    internal ShmidDs Status => new()
    {
        Perm = Perm,
        Size = (ulong)size,
        AttachTime = AttachTime,
        DetachTime = DetachTime,
        ChangeTime = ChangeTime,
        CreatorPid = CreatorPid,
        LastPid = LastPid,
        Attaches = (ulong)Attaches,
    };

    internal static long PagesOf(long size) => (long)(Arena.PageUp((ulong)size) / Arena.PageSize);

    /// <summary>Its contents are gone once nothing shows them any more.</summary>
    internal void Free()
    {
        pages.Unmap(forWriting: true, mapper: null);
        file.Release();
    }
}

/// <summary>One shmat(2). Linux: <c>shm_vm_ops</c>. Differs: who detaches is taken for who attached, which are two only where a vforked child detaches what its parent attached.</summary>
internal sealed class SharedMemoryAttachment(SharedMemory owner, SharedMemorySegment segment, GuestThread thread) : IMappingWatcher
{
    private readonly int _pid = thread.Process.Id;
    private readonly Machine _machine = thread.Machine;

    /// <inheritdoc/>
    public void Opened() => owner.Opened(segment, _pid, SystemVIpc.Now(_machine.Clock));

    /// <inheritdoc/>
    public void Closed() => owner.Closed(segment, _pid, _machine);
}
