using System.Collections.Concurrent;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Rewriter;

/// <summary>
/// One kernel's products by file: an execve of a file known to be unchanged costs a look-up. Behind it stands the store by contents. Linux's page cache plays this part for the unchanged text.
/// </summary>
internal sealed class RewrittenImageCache(RewrittenImageStore store, IRewritingStrategy strategy, int entryOffset = Execution.GuestContext.SyscallEntryOffset)
{
    private const long Capacity = 64L << 20;
    private const int MostFilesWithTrappedSites = 1024;
    private const int MostTrappedSites = 4096;

    private readonly BoundedCache<FileIdentity> _images = new(Capacity);
    private readonly ConcurrentDictionary<FileIdentity, HashSet<ulong>> _trapped = new();

    internal IRewritingStrategy Strategy { get; } = strategy;

    /// <summary>The product for a file.</summary>
    /// <param name="identity">Which file, in which state.</param>
    /// <param name="image">The file; read only where the product is not at hand.</param>
    internal RewrittenImage GetOrRewrite(in FileIdentity identity, ElfImage image)
    {
        var file = identity;
        return _images.GetOrAdd(identity, () => store.GetOrRewrite(image, Strategy, entryOffset, TrappedSites(file)));
    }

    /// <summary>
    /// Records that a <c>syscall</c> of a file was executed in its place and trapped, although the file's product had been applied: it is an instruction, and is jumped to. The next load of the file rewrites it if it can.
    /// </summary>
    /// <param name="identity">Which file.</param>
    /// <param name="address">The instruction's address as the file says it.</param>
    /// <returns>True when the next load will differ.</returns>
    internal bool RememberTrappedSite(in FileIdentity identity, ulong address)
    {
        if (Strategy is TrapStrategy || IsBeyondHelp(identity, address))
            return false;
        if (!_trapped.TryGetValue(identity, out var sites))
        {
            if (_trapped.Count >= MostFilesWithTrappedSites)
                return false;
            sites = _trapped.GetOrAdd(identity, static _ => []);
        }
        lock (sites)
        {
            if (sites.Count >= MostTrappedSites || !sites.Add(address))
                return false;
        }
        _images.Remove(identity);
        return true;
    }

    // A site that was seen and left, since it has no window, is no news.
    private bool IsBeyondHelp(in FileIdentity identity, ulong address)
    {
        foreach (var text in _images.Peek(identity)?.Texts ?? [])
        {
            foreach (var site in text.Coverage.Sites)
            {
                if (text.TextAddress + (ulong)site.Offset == address)
                    return site is { Rung: SiteRung.Trap, Reason: not TrapReason.Undecided };
            }
        }
        return false;
    }

    private ulong[] TrappedSites(FileIdentity identity)
    {
        if (!_trapped.TryGetValue(identity, out var sites))
            return [];
        lock (sites)
            return [.. sites];
    }
}
