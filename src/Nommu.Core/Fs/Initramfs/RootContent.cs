using System.IO.Compression;

namespace Nommu.Core.Fs.Initramfs;

/// <summary>Linux: <c>populate_rootfs</c>. Fills the root from the host: a directory, or an archive (tar or cpio, each also gzipped), told apart by what it begins with.</summary>
internal static class RootContent
{
    /// <exception cref="IOException">There is no such directory or file, or it does not fit.</exception>
    /// <exception cref="InvalidDataException">The archive is damaged or of another kind.</exception>
    internal static void Load(in FsCaller caller, string source, string into = "/")
    {
        var umask = caller.Fs.Umask;
        caller.Fs.Umask = Abi.InodeMode.None;
        try
        {
            var tree = new TreeWriter(caller, into);
            if (Directory.Exists(source))
            {
                DirectoryCopier.Copy(source, tree);
                return;
            }
            using var file = File.OpenRead(source);
            Unpack(file, tree);
        }
        finally
        {
            caller.Fs.Umask = umask;
        }
    }

    internal static void Unpack(Stream archive, TreeWriter tree)
    {
        var peeked = new PeekedStream(archive, 512);
        if (peeked.Start is [0x1f, 0x8b, ..])
        {
            using var unzipped = new GZipStream(peeked, CompressionMode.Decompress);
            Unpack(new BufferedStream(unzipped, 1 << 16), tree);
            return;
        }
        if (peeked.Start.StartsWith("070701"u8) || peeked.Start.StartsWith("070702"u8))
            CpioReader.Unpack(peeked, tree);
        else if (peeked.Start.Length == 512 && peeked.Start[257..].StartsWith("ustar"u8))
            TarUnpacker.Unpack(peeked, tree);
        else
            throw new InvalidDataException("The root is neither a directory nor a tar or cpio archive.");
    }
}
