using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>A futex as a system call names it.</summary>
/// <param name="Thread">The caller.</param>
/// <param name="Address">The word.</param>
/// <param name="IsPrivate">FUTEX_PRIVATE_FLAG.</param>
internal readonly record struct FutexWordArgument(GuestThread Thread, ulong Address, bool IsPrivate)
{
    /// <returns>EINVAL for a word that is not aligned, EFAULT.</returns>
    internal Result<FutexKey> ToKey(bool forWriting) => FutexTable.KeyOf(Thread, Address, IsPrivate, forWriting);
}
