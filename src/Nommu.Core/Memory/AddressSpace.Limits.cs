using Nommu.Core.Abi;

namespace Nommu.Core.Memory;

/// <summary>What resource limits leave. Counted when a limit is set, as few are.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>A page, and 128 KiB to grow into.</summary>
    private const long FirstStackPages = 33;

    /// <summary>Linux: <c>may_expand_vm</c>.</summary>
    /// <param name="limits">Whose mapping it is.</param>
    /// <param name="pages">More than there are.</param>
    /// <param name="isData">They count for RLIMIT_DATA.</param>
    private bool MayExpand(in MemoryLimits limits, long pages, bool isData) =>
        (limits.Space == ulong.MaxValue || IsWithin(limits.Space, pages + CountPages(static _ => true)))
        && (!isData || limits.Data == ulong.MaxValue || IsWithin(limits.Data, pages + CountPages(static area => IsData(area.Protection, area.Flags))));

    /// <summary>Linux: <c>mlock_future_check</c>.</summary>
    private bool MayLock(in MemoryLimits limits, long pages) =>
        limits.Locked == ulong.MaxValue || IsWithin(limits.Locked, pages + CountPages(static area => (area.Flags & VmFlags.Locked) != 0));

    /// <summary>Whether a mapping may be made, before anything is done for it.</summary>
    /// <returns>EPERM and EAGAIN where it may not be locked, ENOMEM.</returns>
    private Errno CheckLimits(in MapRequest request, ulong length, in MemoryLimits limits)
    {
        var isLocked = (request.Flags & MapFlags.MAP_LOCKED) != 0;
        if (isLocked && !limits.MayLock)
            return Errno.EPERM;
        var pages = (long)(length / Arena.PageSize);
        if ((isLocked || LocksFuture) && !MayLock(limits, pages))
            return Errno.EAGAIN;
        if (limits.Space == ulong.MaxValue && limits.Data == ulong.MaxValue)
            return Errno.None;
        if (request.IsFixed)
            pages -= CountBetween(request.Address, request.Address + length, static _ => true);
        return MayExpand(limits, pages, IsData(request.Protection, request.IsShared ? VmFlags.Shared : VmFlags.None)) ? Errno.None : Errno.ENOMEM;
    }

    /// <summary>Pages of its own that count as used, for whoever looks who has most (<see cref="MemoryAccount"/>).</summary>
    internal long CountCharged()
    {
        lock (_lock)
            return CountPages(_family is null ? static area => (area.Flags & VmFlags.Charged) != 0 : static area => area.IsWritable && HoldsOwn(area));
    }

    /// <summary>A new program's memory. Its stack, of which all is there, counts as it would on Linux, where it begins small (<c>setup_arg_pages</c>).</summary>
    internal bool IsWithin(in MemoryLimits limits)
    {
        if (limits.Space == ulong.MaxValue)
            return true;
        lock (_lock)
            return IsWithin(limits.Space, FirstStackPages + CountPages(static area => area.Name != StackName));
    }

    /// <summary>Linux: <c>is_data_mapping</c>.</summary>
    private static bool IsData(MapProtection access, VmFlags flags) => (access & MapProtection.PROT_WRITE) != 0 && (flags & (VmFlags.Shared | VmFlags.GrowsDown)) == 0;

    private static bool IsWithin(ulong limit, long pages) => pages <= (long)(limit / Arena.PageSize);

    private long CountPages(Func<VmArea, bool> which) => CountBetween(0, ulong.MaxValue, which);

    private long CountBetween(ulong start, ulong end, Func<VmArea, bool> which)
    {
        ulong bytes = 0;
        for (var index = IndexAtOrAfter(start); index < _areas.Count && _areas[index].Start < end; index++)
        {
            if (which(_areas[index]))
                bytes += Math.Min(end, _areas[index].End) - Math.Max(start, _areas[index].Start);
        }
        return (long)(bytes / Arena.PageSize);
    }
}
