using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>
/// Linux: physical memory and its page allocator, as a nommu kernel has them. Differs: it is one reservation of the host's address space, larger than the memory it stands for,
/// so that it does not fragment; what guests may have in use is counted apart (<see cref="TryCharge"/>).
/// </summary>
/// <remarks>
/// The host's memory calls are the cost of memory here, so pages that a process leaves behind readable and writable stay so and serve the next; this type alone decides which.
/// Lock order: <see cref="AddressSpace"/>'s lock, then this one.
/// </remarks>
internal sealed class Arena : IDisposable
{
    internal const ulong PageSize = 4096;

    /// <summary>Up to here clearing by hand is cheaper than having the host take pages away and bring new ones.</summary>
    private const ulong ClearByHand = 64 * PageSize;

    private const ulong LargestReservation = 256UL << 30;
    private const ulong SmallestReservation = 1UL << 30;

    private const ulong Reach = 3UL << 29;

    /// <summary>Each free piece that is readable and writable costs the host a mapping or two, of which a process may have 65,530 (vm.max_map_count).</summary>
    private const int MostUsableRuns = 1024;

    private readonly Lock _lock = new();
    private readonly PageRuns _free = new();
    private readonly PageRuns _freeFixed = new();
    private readonly ulong _length;
    private ulong _dirty;
    private bool _disposed;

    /// <param name="memory">Bytes that guests may have in use (<c>mem=</c>).</param>
    /// <param name="reservation">Bytes of address space to ask the host for; halved while the host refuses.</param>
    /// <exception cref="InsufficientMemoryException">The host has no address space.</exception>
    internal Arena(ulong memory, ulong reservation = LargestReservation)
        : this(new MemoryAccount((long)(memory / PageSize)), reservation)
    {
    }

    /// <param name="account">Where what guests have in use is counted.</param>
    /// <param name="reservation">Bytes of address space to ask the host for; halved while the host refuses.</param>
    /// <exception cref="InsufficientMemoryException">The host has no address space.</exception>
    internal Arena(MemoryAccount account, ulong reservation = LargestReservation)
    {
        Account = account;
        for (_length = reservation & ~(PageSize - 1); (Start = HostMemory.Reserve(_length)) == 0; _length /= 2)
        {
            if (_length <= SmallestReservation)
                throw new InsufficientMemoryException($"The host refuses a reservation of {_length >> 20} MiB of address space.");
        }
        _free.Add(Start, _length, PageState.Reserved);
        Memory = new UserMemory(Start, End, Fixed);
    }

    internal ulong Start { get; }

    internal ulong End => Start + _length;

    /// <summary>What it has besides, for programs with addresses of their own.</summary>
    internal FixedAddresses Fixed { get; } = new();

    /// <summary>Called when a process begins to use GS for itself (<see cref="AddressSpace.TakeGs"/>).</summary>
    internal Action? GsWasTaken { get; set; }

    /// <summary>The door to the bytes.</summary>
    internal UserMemory Memory { get; }

    /// <summary>What guests may have in use, and have.</summary>
    internal MemoryAccount Account { get; }

    /// <summary>Pages that guests may have in use.</summary>
    internal long Limit => Account.Limit;

    /// <summary>Pages that processes have in use for themselves.</summary>
    internal long Charged => Account.Anonymous;

    /// <summary>Dirty pages kept for the next process may come to this many bytes.</summary>
    internal ulong KeepAtMost { get; init; } = 64UL << 20;

    /// <summary>Whether its addresses stay taken when it is gone, with nothing behind them.</summary>
    internal bool KeepsAddresses { get; init; }

    /// <summary>Bytes of address space that nobody has.</summary>
    internal ulong FreeLength
    {
        get
        {
            lock (_lock)
            {
                ulong sum = 0;
                for (var i = 0; i < _free.Count; i++)
                    sum += _free[i].Length;
                return sum;
            }
        }
    }

    internal static ulong PageUp(ulong value) => (value + PageSize - 1) & ~(PageSize - 1);

    internal static ulong PageDown(ulong value) => value & ~(PageSize - 1);

    /// <summary>True when a range lies in the arena.</summary>
    internal bool Contains(ulong address, ulong length) => (address >= Start && address <= End && length <= End - address) || Fixed.Contains(address, length);

    /// <summary>Counts pages as in use before they are.</summary>
    /// <returns>False when that is more than there is: ENOMEM.</returns>
    internal bool TryCharge(long pages) => Account.TryCharge(pages);

    internal void Uncharge(long pages) => Account.Uncharge(pages);

    /// <summary>Address space with nothing behind it: touching it is a fault.</summary>
    /// <returns>The address, or 0.</returns>
    internal ulong Reserve(ulong length, ulong alignment = PageSize)
    {
        lock (_lock)
        {
            var index = _free.FindBest(length, alignment, usable: false, out var start);
            if (index < 0)
            {
                DiscardAllFree();
                index = _free.FindBest(length, alignment, usable: false, out start);
            }
            if (index < 0)
                return 0;
            _free.Take(index, start, length);
            return start;
        }
    }

    /// <summary>Address space with nothing behind it, so near that a 32-bit displacement reaches it from a text of usual length.</summary>
    /// <returns>The address, or 0.</returns>
    internal ulong ReserveNear(ulong near, ulong length)
    {
        lock (_lock)
        {
            var index = _free.FindNear(near, length, Reach, out var start);
            if (index < 0)
            {
                DiscardAllFree();
                index = _free.FindNear(near, length, Reach, out start);
            }
            if (index < 0)
                return 0;
            _free.Take(index, start, length);
            return start;
        }
    }

    /// <summary>Readable, writable zero pages, where there are some that somebody left behind.</summary>
    /// <returns>The address, or 0.</returns>
    internal ulong AllocateUsable(ulong length)
    {
        ulong start;
        PageState state;
        lock (_lock)
        {
            var index = _free.FindBest(length, PageSize, usable: true, out start);
            if (index < 0)
                return 0;
            state = _free[index].State;
            _free.Take(index, start, length);
            if (state == PageState.Dirty)
                _dirty -= length;
        }
        if (MakeZero(start, length, state) == Errno.None)
            return start;
        Free(start, length, state);
        return 0;
    }

    /// <summary>Readable, writable zero pages with one page before them that has nothing behind it, so that what runs off their lower end is a fault.</summary>
    /// <returns>The address of that page, or 0.</returns>
    internal ulong AllocateGuarded(ulong length)
    {
        ulong start;
        var state = PageState.Reserved;
        lock (_lock)
        {
            var index = _free.FindGuarded(length);
            if (index >= 0)
            {
                (start, _, state) = _free[index];
                if (state == PageState.Dirty)
                    _dirty -= length;
                _free.Take(index, start, length);
                _free.Take(index - 1, start - PageSize, PageSize);
                start -= PageSize;
            }
            else
            {
                start = 0;
            }
        }
        if (start == 0 && (start = Reserve(length + PageSize)) == 0)
            return 0;
        if (MakeZero(start + PageSize, length, state) == Errno.None)
            return start;
        Free(start, PageSize);
        Free(start + PageSize, length, state);
        return 0;
    }

    /// <summary>Makes a place among the fixed addresses, which are the host's while nobody uses any of them.</summary>
    /// <returns>False where the host has something there, or another program of a fixed address is.</returns>
    internal bool TryReserveFixed(ulong start, ulong length)
    {
        lock (_lock)
        {
            if (Fixed.End == FixedAddresses.Start && !_disposed && Fixed.TryReserve())
                _freeFixed.Add(FixedAddresses.Start, Fixed.End - FixedAddresses.Start, PageState.Reserved);
            if (Fixed.Contains(start, length) && TryReserve(start, length))
                return true;
            ReleaseFixed();
            return false;
        }
    }

    /// <summary>Takes what is free of them: those who have them in turn have all.</summary>
    internal void TakeAllFixed()
    {
        lock (_lock)
        {
            while (_freeFixed.Count > 0)
                _freeFixed.Take(0, _freeFixed[0].Start, _freeFixed[0].Length);
        }
    }

    /// <summary>Gives the fixed addresses back to the host when nobody has any left, for other kernels of this process.</summary>
    private void ReleaseFixed()
    {
        if (_freeFixed.Count != 1 || _freeFixed[0] is not { State: PageState.Reserved } all || all.Length != Fixed.End - FixedAddresses.Start)
            return;
        _freeFixed.Take(0, all.Start, all.Length);
        Fixed.Release();
    }

    private PageRuns FreeAt(ulong address) => address < Start && Fixed.Contains(address, 0) ? _freeFixed : _free;

    /// <summary>A given piece of address space, if all of it is free; nothing is behind it afterwards.</summary>
    internal bool TryReserve(ulong start, ulong length)
    {
        if (!Contains(start, length))
            return false;
        lock (_lock)
        {
            var runs = FreeAt(start);
            if (!runs.Covers(start, length))
                return false;
            var free = 0UL;
            for (var i = 0; i < runs.Count; i++)
            {
                var run = runs[i];
                if (run.State == PageState.Dirty && run.Start < start + length && run.End > start)
                    free += Math.Min(run.End, start + length) - Math.Max(run.Start, start);
            }
            var state = runs.Take(start, length);
            _dirty -= free;
            if (state == PageState.Reserved || HostMemory.Discard(start, length) == Errno.None)
                return true;
            runs.Add(start, length, PageState.Dirty);
            _dirty += length;
            return false;
        }
    }

    /// <summary>Pages back from a live process: they are gone at once, so that touching them is a fault.</summary>
    internal void Discard(ulong start, ulong length)
    {
        // Where the host is out of mappings the pages keep their access; they are never handed out uncleared.
        var gone = HostMemory.Discard(start, length) == Errno.None;
        Free(start, length, gone ? PageState.Reserved : PageState.Dirty);
    }

    /// <summary>Readable and writable private pages back from a process that has ended.</summary>
    internal void Recycle(ulong start, ulong length)
    {
        // A fixed address is nobody's next piece of memory.
        if (FreeAt(start) == _freeFixed)
        {
            Discard(start, length);
            return;
        }
        var keep = length <= ClearByHand && Volatile.Read(ref _dirty) + length <= KeepAtMost;
        var state = keep || HostMemory.Forget(start, length) != Errno.None ? PageState.Dirty : PageState.Clean;
        Free(start, length, state);
    }

    /// <summary>Address space that has nothing behind it back.</summary>
    internal void Free(ulong start, ulong length, PageState state = PageState.Reserved)
    {
        lock (_lock)
        {
            FreeAt(start).Add(start, length, state);
            if (state == PageState.Dirty)
                _dirty += length;
            ReleaseFixed();
            if (_free.UsableCount > MostUsableRuns)
                DiscardAllFree();
        }
    }

    /// <summary>Makes readable, writable pages zero again, or zero pages of reserved ones.</summary>
    internal static Errno MakeZero(ulong start, ulong length, PageState state)
    {
        if (state == PageState.Reserved)
            return HostMemory.Protect(start, length, MapProtection.PROT_READ | MapProtection.PROT_WRITE);
        if (state == PageState.Dirty)
        {
            if (length > ClearByHand)
                return HostMemory.Forget(start, length);
            HostMemory.Clear(start, length);
        }
        return Errno.None;
    }

    private void DiscardAllFree()
    {
        for (var i = _free.Count - 1; i >= 0; i--)
        {
            var run = _free[i];
            if (run.State == PageState.Reserved || HostMemory.Discard(run.Start, run.Length) != Errno.None)
                continue;
            _free.Take(i, run.Start, run.Length);
            _free.Add(run.Start, run.Length, PageState.Reserved);
            if (run.State == PageState.Dirty)
                _dirty -= run.Length;
            i = Math.Min(i, _free.Count); // neighbours may have been joined
        }
    }

    /// <summary>Gives everything back to the host. Nobody may hold an address any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
        }
        Fixed.Release();
        if (KeepsAddresses)
            _ = HostMemory.Discard(Start, _length);
        else
            HostMemory.Release(Start, _length);
    }
}
