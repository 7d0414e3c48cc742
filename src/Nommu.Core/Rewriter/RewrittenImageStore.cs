using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Rewriter;

/// <summary>
/// Products by contents: what several kernels of a process may share, whatever file system a file lies in. The digest is cryptographic, since a guest of one kernel must not be able to choose what a guest
/// of another executes: the parts of a file are authenticated with a key that is drawn when the store is made and that nobody learns, which takes a third of the time of a hash of everything.
/// </summary>
internal sealed class RewrittenImageStore(long capacity = RewrittenImageStore.DefaultCapacity)
{
    private const long DefaultCapacity = 64L << 20;

    private const int LargeFile = 16 << 20, LooksSize = 4096, MostLooks = 4096;
    private const int KeySize = 32, NonceSize = 12, TagSize = 16;

    private readonly ConcurrentDictionary<(string Strategy, int Looks), bool> _looks = new();
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(KeySize);
    private readonly BoundedCache<(string Strategy, int EntryOffset, string Digest)> _images = new(capacity);

    /// <summary>How many products are kept.</summary>
    internal int Count => _images.Count;

    internal RewrittenImage GetOrRewrite(ElfImage image, IRewritingStrategy strategy, int entryOffset, IReadOnlyCollection<ulong> knownSites)
    {
        // A large file that is new by its looks is rewritten while another thread is at its digest. Should it be known after all, the work was for nothing.
        if (image.File.Length < LargeFile || !IsNew(strategy, image.File.Span))
            return _images.GetOrAdd((strategy.Name, entryOffset, Digest(image.File, knownSites)), Rewrite);
        var digest = Task.Run(() => Digest(image.File, knownSites));
        RewrittenImage made;
        try
        {
            made = Rewrite();
        }
        finally
        {
            digest.Wait(); // it reads what the caller gives up
        }
        return _images.GetOrAdd((strategy.Name, entryOffset, digest.Result), () => made);

        RewrittenImage Rewrite() => new([.. ExecutableText.FromImage(image, knownSites, entryOffset).Select(strategy.Rewrite)]);
    }

    private bool IsNew(IRewritingStrategy strategy, ReadOnlySpan<byte> file)
    {
        if (_looks.Count >= MostLooks)
            _looks.Clear();
        return _looks.TryAdd((strategy.Name, LooksOf(file)), true);
    }

    private static int LooksOf(ReadOnlySpan<byte> file)
    {
        var looks = new HashCode();
        looks.Add(file.Length);
        looks.AddBytes(file[..LooksSize]);
        looks.AddBytes(file[^LooksSize..]);
        return looks.ToHashCode();
    }

    private string Digest(ReadOnlyMemory<byte> file, IReadOnlyCollection<ulong> knownSites)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        if (AesGcm.IsSupported)
        {
            foreach (var tag in TextParts.Select(file.Length, (start, end) => Authenticate(file.Span[start..end])))
                hash.AppendData(tag);
        }
        else
        {
            hash.AppendData(file.Span);
        }
        foreach (var site in knownSites.Order())
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, site);
            hash.AppendData(word);
        }
        // Where the file ends and the sites begin.
        BinaryPrimitives.WriteUInt64LittleEndian(word, (ulong)file.Length);
        hash.AppendData(word);
        return Encoding.Latin1.GetString(hash.GetHashAndReset());
    }

    // GMAC (NIST SP 800-38D). One nonce for all serves here, since no tag is ever shown to anybody.
    private byte[] Authenticate(ReadOnlySpan<byte> bytes)
    {
        var tag = new byte[TagSize];
        using var cipher = new AesGcm(_key, TagSize);
        cipher.Encrypt(new byte[NonceSize], [], [], tag, bytes);
        return tag;
    }
}
