namespace Nommu.Core.Memory;

/// <summary>What getrlimit(2) allows who calls to map and to lock, in bytes; <see cref="ulong.MaxValue"/> where nothing limits it.</summary>
/// <param name="Space">RLIMIT_AS: all mappings.</param>
/// <param name="Data">RLIMIT_DATA: what is private and writable, without stacks.</param>
/// <param name="Locked">RLIMIT_MEMLOCK; no limit for CAP_IPC_LOCK.</param>
internal readonly record struct MemoryLimits(ulong Space, ulong Data, ulong Locked)
{
    internal static MemoryLimits None => new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);

    /// <summary>Linux: <c>can_do_mlock</c>.</summary>
    internal bool MayLock => Locked != 0;
}
