using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Rewriter;

/// <summary>
/// Products by contents: what several kernels of a process may share, whatever file system a file lies in. The digest is cryptographic, since a guest of one kernel must not be able to choose what a guest
/// of another executes.
/// </summary>
internal sealed class RewrittenImageStore(long capacity = RewrittenImageStore.DefaultCapacity)
{
    private const long DefaultCapacity = 64L << 20;

    private readonly BoundedCache<(string Strategy, int EntryOffset, string Digest)> _images = new(capacity);

    /// <summary>How many products are kept.</summary>
    internal int Count => _images.Count;

    internal RewrittenImage GetOrRewrite(ElfImage image, IRewritingStrategy strategy, int entryOffset, IReadOnlyCollection<ulong> knownSites)
    {
        var key = (strategy.Name, entryOffset, Digest(image.File.Span, knownSites));
        return _images.GetOrAdd(key, () => new RewrittenImage([.. ExecutableText.FromImage(image, knownSites, entryOffset).Select(strategy.Rewrite)]));
    }

    private static string Digest(ReadOnlySpan<byte> file, IReadOnlyCollection<ulong> knownSites)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        hash.AppendData(file);
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
}
