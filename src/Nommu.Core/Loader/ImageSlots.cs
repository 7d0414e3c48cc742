using Nommu.Core.Memory;

namespace Nommu.Core.Loader;

/// <summary>One kernel's images of programs that have ended, in place for their next execution. As a page cache it is memory that nobody is charged for, and bounded instead.</summary>
/// <remarks>Its lock is taken under an address space's, and before the arena's.</remarks>
internal sealed class ImageSlots(Arena arena) : IDisposable
{
    private const int MostImages = 64;
    private const long MostPages = 16384;

    private readonly Lock _lock = new();
    private readonly LinkedList<Slot> _slots = []; // the last used first
    private long _pages;
    private bool _disposed;

    /// <summary>How many are kept.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
                return _slots.Count;
        }
    }

    /// <summary>Takes an image, if there is one.</summary>
    internal ParkedImage? Take(in ImageKey key)
    {
        lock (_lock)
        {
            for (var node = _slots.First; node is not null; node = node.Next)
            {
                if (node.Value.Key != key)
                    continue;
                Remove(node);
                return node.Value.Image;
            }
            return null;
        }
    }

    /// <summary>Who keeps the images of a program.</summary>
    internal IImageKeeper KeeperOf(in ImageKey key) => new Keeper(this, key);

    private void Keep(in ImageKey key, ParkedImage image)
    {
        // What has been read anew since is not executed again from here.
        if (!TryRetain(key))
        {
            image.Discard(arena);
            return;
        }
        var tooMany = new List<Slot>();
        lock (_lock)
        {
            _slots.AddFirst(new Slot(key, image));
            _pages += image.WritablePages;
            RemoveOldest(_disposed ? 0 : MostImages, MostPages, tooMany);
        }
        foreach (var slot in tooMany)
            slot.Image.Discard(arena);
    }

    private static bool TryRetain(in ImageKey key)
    {
        if (!key.Program.TryRetain())
            return false;
        if (key.Interpreter?.TryRetain() != false)
            return true;
        key.Program.Release();
        return false;
    }

    /// <summary>Gives all back.</summary>
    internal void Clear()
    {
        var all = new List<Slot>();
        lock (_lock)
            RemoveOldest(0, 0, all);
        foreach (var slot in all)
            slot.Image.Discard(arena);
    }

    private void RemoveOldest(int mostImages, long mostPages, List<Slot> removed)
    {
        while (_slots.Count > mostImages || _pages > mostPages)
        {
            removed.Add(_slots.Last!.Value);
            Remove(_slots.Last);
        }
    }

    private void Remove(LinkedListNode<Slot> node)
    {
        var (key, image) = node.Value;
        _slots.Remove(node);
        _pages -= image.WritablePages;
        // Whoever takes it holds the files' texts itself.
        key.Program.Release();
        key.Interpreter?.Release();
    }

    /// <summary>Keeps nothing any more.</summary>
    public void Dispose()
    {
        lock (_lock)
            _disposed = true;
        Clear();
    }

    private sealed record Slot(ImageKey Key, ParkedImage Image);

    private sealed class Keeper(ImageSlots slots, ImageKey key) : IImageKeeper
    {
        public void Keep(ParkedImage image) => slots.Keep(key, image);
    }
}

/// <summary>What an image was made from.</summary>
/// <param name="Program">The program, as it was read.</param>
/// <param name="Interpreter">Its interpreter.</param>
/// <param name="StackLength">Bytes of stack.</param>
internal readonly record struct ImageKey(ProgramFile Program, ProgramFile? Interpreter, ulong StackLength);
