using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct kernel_clone_args</c>. What vfork(2), clone(2) and clone3(2) come down to.</summary>
/// <param name="Flags">Without the signal.</param>
/// <param name="ExitSignal">What the parent gets when the child ends; nothing for 0 and for what is no signal.</param>
/// <param name="StackPointer">The child's; 0 for the caller's own.</param>
/// <param name="ParentTid">Where CLONE_PARENT_SETTID writes.</param>
/// <param name="ChildTid">For CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID.</param>
/// <param name="Tls">For CLONE_SETTLS.</param>
internal readonly record struct CloneRequest(CloneFlags Flags, int ExitSignal, ulong StackPointer, ulong ParentTid, ulong ChildTid, ulong Tls)
{
    private const CloneFlags Namespaces = CloneFlags.CLONE_NEWTIME | CloneFlags.CLONE_NEWNS | CloneFlags.CLONE_NEWCGROUP | CloneFlags.CLONE_NEWUTS
        | CloneFlags.CLONE_NEWIPC | CloneFlags.CLONE_NEWUSER | CloneFlags.CLONE_NEWPID | CloneFlags.CLONE_NEWNET;

    /// <summary>Those there are. The others are EINVAL, as of a kernel built without.</summary>
    private const CloneFlags Known = CloneFlags.CLONE_NEWNS | CloneFlags.CLONE_NEWUTS | CloneFlags.CLONE_NEWIPC;

    /// <summary>Where CLONE_PIDFD writes the descriptor.</summary>
    internal ulong PidfdAddress { get; init; }

    /// <summary>The number the child is to have (clone3(2), set_tid); 0 for the next free one.</summary>
    internal int WantedId { get; init; }

    /// <summary>For a child without CLONE_FS: the places where it will stand, if they are to be in other mounts than its maker's.</summary>
    internal Fs.FsContext? Places { get; init; }

    internal bool Has(CloneFlags flag) => (Flags & flag) != 0;

    /// <summary>Linux: what <c>copy_creds</c> and <c>copy_namespaces</c> check; also for unshare(2).</summary>
    internal static Errno CheckNamespaces(CloneFlags flags, GuestThread caller)
    {
        if ((flags & CloneFlags.CLONE_NEWUSER) != 0)
            return Errno.EINVAL;
        if ((flags & Namespaces) == 0)
            return Errno.None;
        if (!caller.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return Errno.EPERM;
        return (flags & Namespaces & ~Known) != 0 ? Errno.EINVAL : Errno.None;
    }

    private Errno CheckNamespaces(GuestThread maker)
    {
        if (Has(CloneFlags.CLONE_NEWNS) && Has(CloneFlags.CLONE_FS))
            return Errno.EINVAL;
        if (Has(CloneFlags.CLONE_THREAD) && Has(CloneFlags.CLONE_NEWPID))
            return Errno.EINVAL;
        var error = CheckNamespaces(Flags, maker);
        return error == Errno.None && Has(CloneFlags.CLONE_NEWIPC) && Has(CloneFlags.CLONE_SYSVSEM) ? Errno.EINVAL : error;
    }

    /// <summary>Linux: the checks of <c>kernel_clone</c> and at the beginning of <c>copy_process</c>.</summary>
    /// <param name="maker">Who calls.</param>
    /// <returns>EINVAL for combinations that mean nothing, and for namespaces that are not there, as of a kernel built without them; EPERM; EBADF for a control group, of which there are none.</returns>
    internal Errno Check(GuestThread maker)
    {
        if (Has(CloneFlags.CLONE_THREAD) && !Has(CloneFlags.CLONE_SIGHAND))
            return Errno.EINVAL;
        if (Has(CloneFlags.CLONE_SIGHAND) && !Has(CloneFlags.CLONE_VM))
            return Errno.EINVAL;
        // Init has no siblings, and nobody else whose parent is the host.
        if (Has(CloneFlags.CLONE_PARENT) && (maker.Process.Signals.IsUnkillable || (maker.Process.Parent is null && !Has(CloneFlags.CLONE_THREAD))))
            return Errno.EINVAL;
        if (Has(CloneFlags.CLONE_PIDFD) && (Has(CloneFlags.CLONE_DETACHED) || (Has(CloneFlags.CLONE_PARENT_SETTID) && PidfdAddress == ParentTid)))
            return Errno.EINVAL;
        if (CheckNamespaces(maker) is not Errno.None and var refused)
            return refused;
        if (Has(CloneFlags.CLONE_INTO_CGROUP))
            return Errno.EBADF;
        if (Has(CloneFlags.CLONE_SETTLS) && Tls >= AddressSpace.TaskSize)
            return Errno.EPERM;
        return Errno.None;
    }
}
