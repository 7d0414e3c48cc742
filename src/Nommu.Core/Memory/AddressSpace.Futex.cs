using Nommu.Core.Abi;

namespace Nommu.Core.Memory;

/// <summary>Linux: <c>get_futex_key</c>.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Which futex an aligned word is for all who see it.</summary>
    /// <param name="address">The word.</param>
    /// <param name="forWriting">The call may change it, where a page that can only be read is of no use.</param>
    /// <returns>EFAULT where nothing is mapped, it can't be accessed, or is private and can't change.</returns>
    internal Result<FutexKey> SharedFutexKey(ulong address, bool forWriting)
    {
        lock (_lock)
        {
            if (Find(address) is not { } area || (area.Protection & ReadWrite) == 0)
                return Errno.EFAULT;
            var isShared = area.IsShared;
            if (!area.IsWritable)
            {
                if (forWriting)
                    return Errno.EFAULT;
                // A page of a private mapping that nobody ever wrote is the file's.
                if (!isShared && (area.Mapping is null || (area.Flags & VmFlags.Written) != 0))
                    return Errno.EFAULT;
                isShared = true;
            }
            return isShared && area.File is { } file
                ? new FutexKey(file.Inode, area.Offset + (address - area.Start))
                : new FutexKey(this, address | FutexKey.SharedBit);
        }
    }
}
