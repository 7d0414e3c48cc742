using Nommu.Core.Execution;
using Nommu.Core.Host;

namespace Nommu.Core.Memory.Families;

/// <summary>Where pages are while their place is somebody else's: pages of the arena, handed out one at a time. One per family.</summary>
/// <remarks>Guarded by the family's lock. Each counts as used; where there are no more of what guests may have it is taken nevertheless, since nobody could go back, and whoever next asks for memory is refused.</remarks>
internal sealed class StoredPages(Arena arena) : IDisposable
{
    private const ulong ChunkLength = 32 * Arena.PageSize;

    private readonly Stack<ulong> _free = [];
    private readonly List<ulong> _chunks = [];

    /// <summary>Copies a page; one that is zero, or can't be read, takes no place.</summary>
    internal StoredPage CopyOf(ulong page)
    {
        var address = Take();
        var copy = HostMemory.Span(address, (int)Arena.PageSize);
        if (UserCopy.CopyFromUser(copy, page) == 0 && copy.ContainsAnyExcept((byte)0))
            return new StoredPage(address);
        GiveBack(address);
        return new StoredPage(0);
    }

    /// <summary>Puts a stored page where it belongs, and lets go of it.</summary>
    internal void MoveTo(ulong page, StoredPage stored)
    {
        if (stored.Address == 0)
            _ = UserCopy.ClearUser(page, Arena.PageSize);
        else
            _ = UserCopy.CopyToUser(page, HostMemory.Span(stored.Address, (int)Arena.PageSize));
        Release(stored);
    }

    /// <summary>A page that is to be written to where it is stored: one that only its owner has, and that has a place.</summary>
    internal StoredPage ForWriting(StoredPage stored)
    {
        if (stored is { Address: not 0, References: 1 })
            return stored;
        var address = Take();
        var copy = HostMemory.Span(address, (int)Arena.PageSize);
        if (stored.Address == 0)
            copy.Clear();
        else
            HostMemory.Span(stored.Address, (int)Arena.PageSize).CopyTo(copy);
        Release(stored);
        return new StoredPage(address);
    }

    /// <summary>One fewer has it.</summary>
    internal void Release(StoredPage stored)
    {
        if (--stored.References == 0 && stored.Address != 0)
            GiveBack(stored.Address);
    }

    private ulong Take()
    {
        arena.Account.Charge(1);
        return _free.Count > 0 ? _free.Pop() : Grow();
    }

    private void GiveBack(ulong page)
    {
        arena.Account.Uncharge(1);
        _free.Push(page);
    }

    private ulong Grow()
    {
        var chunk = arena.AllocateUsable(ChunkLength);
        if (chunk == 0 && (chunk = arena.Reserve(ChunkLength)) != 0 && Arena.MakeZero(chunk, ChunkLength, PageState.Reserved) != Abi.Errno.None)
        {
            arena.Free(chunk, ChunkLength);
            chunk = 0;
        }
        if (chunk == 0)
            throw new InsufficientMemoryException("There is no address space left for the pages of forked processes.");
        _chunks.Add(chunk);
        for (var at = chunk + ChunkLength - Arena.PageSize; at > chunk; at -= Arena.PageSize)
            _free.Push(at);
        return chunk;
    }

    /// <summary>Nobody has a page in it any more.</summary>
    public void Dispose()
    {
        foreach (var chunk in _chunks)
            arena.Recycle(chunk, ChunkLength);
        _chunks.Clear();
        _free.Clear();
    }
}

/// <summary>The contents of a page, for all members who have the same.</summary>
/// <param name="address">Where they are; 0 for zeros.</param>
internal sealed class StoredPage(ulong address)
{
    internal ulong Address => address;

    internal int References { get; set; } = 1;
}
