using System.Buffers.Binary;
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

    private const int KeySize = 32, NonceSize = 12, TagSize = 16;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(KeySize);
    private readonly BoundedCache<(string Strategy, int EntryOffset, string Digest)> _images = new(capacity);

    /// <summary>How many products are kept.</summary>
    internal int Count => _images.Count;

    internal RewrittenImage GetOrRewrite(ElfImage image, IRewritingStrategy strategy, int entryOffset, IReadOnlyCollection<ulong> knownSites)
    {
        var key = (strategy.Name, entryOffset, Digest(image.File, knownSites));
        return _images.GetOrAdd(key, () => new RewrittenImage([.. ExecutableText.FromImage(image, knownSites, entryOffset).Select(strategy.Rewrite)]));
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
