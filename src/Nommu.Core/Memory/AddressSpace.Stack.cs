using Nommu.Core.Abi;

namespace Nommu.Core.Memory;

/// <summary>The first thread's stack. Linux: <c>setup_arg_pages</c>. Differs: as on nommu all of it is there from the start.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Maps a stack, with a page below it that can't be touched: what runs off the end must not run into a neighbour.</summary>
    /// <param name="length">Whole pages.</param>
    /// <param name="access">Readable and writable at least.</param>
    /// <returns>The first address behind it; ENOMEM.</returns>
    internal Result<ulong> MapStack(ulong length, MapProtection access)
    {
        lock (_lock)
        {
            var pages = (long)(length / Arena.PageSize);
            if (!Arena.TryCharge(pages))
                return Errno.ENOMEM;
            var guard = Arena.AllocateGuarded(length);
            if (guard == 0)
            {
                Arena.Uncharge(pages);
                return Errno.ENOMEM;
            }
            var start = guard + Arena.PageSize;
            var end = start + length;
            Insert(new VmArea { Start = guard, End = start, Protection = MapProtection.PROT_NONE, Flags = VmFlags.GrowsDown, Backing = VmBacking.Reserved, Name = StackName });
            Insert(new VmArea { Start = start, End = end, Protection = ReadWrite, Flags = VmFlags.GrowsDown | VmFlags.Charged | VmFlags.Pooled, Backing = VmBacking.Anonymous, Name = StackName });
            var error = access == ReadWrite ? Errno.None : ProtectLocked(start, end, access);
            return error == Errno.None ? end : error;
        }
    }
}
