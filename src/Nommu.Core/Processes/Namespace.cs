using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct ns_common</c> (namespaces(7)). Counted: it ends with its last user.</summary>
/// <param name="number">What tells it from others, also as a file's number.</param>
internal abstract class Namespace(uint number)
{
    /// <summary>Linux: PROC_UTS_INIT_INO and PROC_IPC_INIT_INO.</summary>
    internal const uint FirstUts = 0xEFFFFFFE, FirstIpc = 0xEFFFFFFF;

    private int _users = 1;

    internal uint Number => number;

    /// <summary>As /proc/PID/ns names it.</summary>
    internal abstract string Kind { get; }

    /// <summary>What makes a new one in clone(2) and unshare(2).</summary>
    internal abstract CloneFlags Flag { get; }

    /// <summary>Its file (<see cref="Fs.NamespaceInode"/>), once somebody has looked at it.</summary>
    internal Fs.NamespaceInode? Inode { get; set; }

    /// <summary>Keeps it. False when it has ended already.</summary>
    internal bool TryRetain()
    {
        int old;
        do
        {
            old = Volatile.Read(ref _users);
            if (old == 0)
                return false;
        }
        while (Interlocked.CompareExchange(ref _users, old + 1, old) != old);
        return true;
    }

    /// <summary>Without locks held.</summary>
    internal void GiveBack()
    {
        if (Interlocked.Decrement(ref _users) == 0)
            End();
    }

    /// <summary>The last user has gone.</summary>
    protected virtual void End()
    {
    }
}

/// <summary>Linux: what of <c>struct nsproxy</c> is not a matter of files: each thread has its own.</summary>
/// <param name="Uts">Names of the machine.</param>
/// <param name="Ipc">System V's IPC.</param>
internal sealed record NamespaceSet(UtsNamespace Uts, Ipc.SystemVIpc Ipc)
{
    /// <summary>For another thread.</summary>
    internal NamespaceSet Retain()
    {
        _ = Uts.TryRetain();
        _ = Ipc.TryRetain();
        return this;
    }

    /// <summary>The same but for new ones, with a use of each.</summary>
    /// <param name="flags">CLONE_NEWUTS, CLONE_NEWIPC.</param>
    /// <param name="machine">Where they are.</param>
    internal NamespaceSet With(CloneFlags flags, Machine machine)
    {
        Retain();
        var result = this;
        if ((flags & CloneFlags.CLONE_NEWUTS) != 0)
            result = result.With(Uts.Copy(machine.FileSystem.NextNamespace()));
        return (flags & CloneFlags.CLONE_NEWIPC) != 0 ? result.With(new Ipc.SystemVIpc(machine.FileSystem.NextNamespace(), machine)) : result;
    }

    /// <summary>The same but for one, whose use it takes over.</summary>
    internal NamespaceSet With(Namespace other)
    {
        if (other is UtsNamespace uts)
        {
            Uts.GiveBack();
            return this with { Uts = uts };
        }
        Ipc.GiveBack();
        return this with { Ipc = (Ipc.SystemVIpc)other };
    }

    /// <summary>Its thread ends or has another.</summary>
    internal void Release()
    {
        Uts.GiveBack();
        Ipc.GiveBack();
    }
}
