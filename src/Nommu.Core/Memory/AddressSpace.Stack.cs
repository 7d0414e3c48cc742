using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>The first thread's stack. Linux: <c>setup_arg_pages</c>. Differs: as on nommu all of it is there from the start.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>So much of the first thread's stack is there for a program that begins where another has ended. Few use more; the rest is opened as a whole when it is touched.</summary>
    private const ulong OpenStack = 16 * Arena.PageSize;

    private const int MostLateComers = 256;

    private readonly Lock _stackLock = new(); // a leaf
    private ulong _closedStart;
    private ulong _closedEnd;
    private ulong _closedLimit;
    private int _lateComers;

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

    /// <summary>Part of the stack cannot be touched yet, though it is mapped.</summary>
    internal bool HasClosedStack => Volatile.Read(ref _closedEnd) != 0;

    /// <summary>Something has touched memory and was refused: opens the stack, if that is why. Whatever locks are held.</summary>
    /// <returns>True where it is worth trying again.</returns>
    internal bool TryOpenStack(ulong address)
    {
        lock (_stackLock)
        {
            if (address < _closedStart || address >= _closedLimit)
                return false;
            // Another thread may have opened it; but who comes again and again has another reason.
            return HasClosedStack ? OpenLocked() : _lateComers++ < MostLateComers;
        }
    }

    /// <summary>Opens the stack before anything is done with pages of it.</summary>
    internal void OpenStackWithin(ulong start, ulong end)
    {
        if (!HasClosedStack)
            return;
        lock (_stackLock)
        {
            if (start < _closedEnd && end > _closedStart)
                _ = OpenLocked();
        }
    }

    private bool OpenLocked()
    {
        if (HostMemory.Protect(_closedStart, _closedEnd - _closedStart, ReadWrite) != Errno.None)
            return false;
        Volatile.Write(ref _closedEnd, 0);
        return true;
    }
}
