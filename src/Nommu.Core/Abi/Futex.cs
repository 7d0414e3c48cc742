namespace Nommu.Core.Abi;

/// <summary>Linux: the operations of futex(2), with their two option bits.</summary>
internal enum FutexOperation
{
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1,
    FUTEX_FD = 2,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE = 4,
    FUTEX_WAKE_OP = 5,
    FUTEX_LOCK_PI = 6,
    FUTEX_UNLOCK_PI = 7,
    FUTEX_TRYLOCK_PI = 8,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET = 10,
    FUTEX_WAIT_REQUEUE_PI = 11,
    FUTEX_CMP_REQUEUE_PI = 12,
    FUTEX_LOCK_PI2 = 13,
    FUTEX_PRIVATE_FLAG = 128,
    FUTEX_CLOCK_REALTIME = 256,
}

/// <summary>Linux: the bits of a robust or priority-inheriting futex (get_robust_list(2)).</summary>
[Flags]
internal enum FutexWord : uint
{
    None = 0,
    FUTEX_WAITERS = 0x80000000,
    FUTEX_OWNER_DIED = 0x40000000,
    FUTEX_TID_MASK = 0x3fffffff,
}

/// <summary>Linux: the commands of membarrier(2).</summary>
[Flags]
internal enum MembarrierCommand
{
    MEMBARRIER_CMD_QUERY = 0,
    MEMBARRIER_CMD_GLOBAL = 1,
    MEMBARRIER_CMD_GLOBAL_EXPEDITED = 2,
    MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 4,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED = 8,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 0x10,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE = 0x20,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 0x40,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ = 0x80,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ = 0x100,
    MEMBARRIER_CMD_GET_REGISTRATIONS = 0x200,
}
