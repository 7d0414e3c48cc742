using Nommu.Core.Abi;
using Nommu.Core.Execution;

namespace Nommu.Core.Memory;

/// <summary>Linux: <c>futex_get_value_locked</c> and <c>futex_cmpxchg_value_locked</c>: whole words, as other threads change them.</summary>
public sealed partial class UserMemory
{
    /// <summary>Reads an aligned word at once.</summary>
    internal Errno LoadWord(ulong address, out uint value)
    {
        value = 0;
        return Allowed(address, sizeof(uint)) == sizeof(uint) && (UserCopy.TryLoad32(address, out value) || (_faults?.TryRepair(address, isWrite: false) == true && UserCopy.TryLoad32(address, out value))) ? Errno.None : Errno.EFAULT;
    }

    /// <summary>Writes an aligned word at once.</summary>
    internal Errno StoreWord(ulong address, uint value) =>
        Allowed(address, sizeof(uint)) == sizeof(uint) && (UserCopy.TryStore32(address, value) || (_faults?.TryRepair(address, isWrite: true) == true && UserCopy.TryStore32(address, value))) ? Errno.None : Errno.EFAULT;

    /// <summary>Replaces an aligned word that has not changed.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="expected">In: what should be there; out: what was there.</param>
    /// <param name="desired">Stored where the two agree.</param>
    internal Errno CompareExchangeWord(ulong address, ref uint expected, uint desired)
    {
        if (Allowed(address, sizeof(uint)) != sizeof(uint))
            return Errno.EFAULT;
        var wanted = expected;
        if (UserCopy.TryCompareExchange32(address, ref expected, desired))
            return Errno.None;
        expected = wanted;
        return _faults?.TryRepair(address, isWrite: true) == true && UserCopy.TryCompareExchange32(address, ref expected, desired) ? Errno.None : Errno.EFAULT;
    }
}
