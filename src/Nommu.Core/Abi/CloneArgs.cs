using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct clone_args</c>, 88 bytes in its third version (clone3(2)). Pointers are guest addresses.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CloneArgs
{
    internal const int CLONE_ARGS_SIZE_VER0 = 64, CLONE_ARGS_SIZE_VER1 = 80, CLONE_ARGS_SIZE_VER2 = 88;

    internal CloneFlags Flags;
    internal ulong PidFd;
    internal ulong ChildTid;
    internal ulong ParentTid;
    internal ulong ExitSignal;
    internal ulong Stack;
    internal ulong StackSize;
    internal ulong Tls;
    internal ulong SetTid;
    internal ulong SetTidSize;
    internal ulong Cgroup;
}

/// <summary>Linux: <c>struct robust_list_head</c> (get_robust_list(2)).</summary>
/// <param name="Next">The first entry, or the head itself.</param>
/// <param name="FutexOffset">From an entry to its futex.</param>
/// <param name="Pending">The entry that is being added or removed, or 0.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct RobustListHead(ulong Next, long FutexOffset, ulong Pending);
