using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct kernel_clone_args</c>. What vfork(2), clone(2) and clone3(2) come down to.</summary>
/// <param name="Flags">Without the signal.</param>
/// <param name="ExitSignal">What the parent gets when the child ends; 0 for none.</param>
/// <param name="StackPointer">The child's; 0 for the caller's own.</param>
/// <param name="ParentTid">Where CLONE_PARENT_SETTID writes.</param>
/// <param name="ChildTid">For CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID.</param>
/// <param name="Tls">For CLONE_SETTLS.</param>
internal readonly record struct CloneRequest(CloneFlags Flags, int ExitSignal, ulong StackPointer, ulong ParentTid, ulong ChildTid, ulong Tls)
{
    private const CloneFlags Namespaces = CloneFlags.CLONE_NEWTIME | CloneFlags.CLONE_NEWNS | CloneFlags.CLONE_NEWCGROUP | CloneFlags.CLONE_NEWUTS
        | CloneFlags.CLONE_NEWIPC | CloneFlags.CLONE_NEWUSER | CloneFlags.CLONE_NEWPID | CloneFlags.CLONE_NEWNET | CloneFlags.CLONE_INTO_CGROUP;

    internal bool Has(CloneFlags flag) => (Flags & flag) != 0;

    /// <summary>Linux: the checks at the beginning of <c>copy_process</c>.</summary>
    /// <returns>EINVAL for combinations that mean nothing, and for namespaces, as a kernel built without them; ENOSYS for a child with memory of its own (fork).</returns>
    internal Errno Check()
    {
        if (Has(Namespaces | CloneFlags.CLONE_PIDFD))
            return Errno.EINVAL;
        if (Has(CloneFlags.CLONE_THREAD) && !Has(CloneFlags.CLONE_SIGHAND))
            return Errno.EINVAL;
        if (Has(CloneFlags.CLONE_SIGHAND) && (!Has(CloneFlags.CLONE_VM) || Has(CloneFlags.CLONE_CLEAR_SIGHAND)))
            return Errno.EINVAL;
        if (ExitSignal is < 0 or > SigSet.Count)
            return Errno.EINVAL;
        return Has(CloneFlags.CLONE_VM) ? Errno.None : Errno.ENOSYS;
    }
}
