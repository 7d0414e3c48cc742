using System.Globalization;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Initramfs;

/// <summary>The "newc" format of cpio(5), with or without checksums: what Linux takes as an initramfs (Documentation/driver-api/early-userspace/buffer-format.rst).</summary>
internal static class CpioReader
{
    private const int HeaderLength = 110;
    private const int MaximumName = 4096;

    internal static void Unpack(Stream archive, TreeWriter tree)
    {
        var links = new Dictionary<(uint Ino, uint Major, uint Minor), byte[]>();
        var header = new byte[HeaderLength];
        long position = 0;
        while (ReadMember(archive, header, ref position, out var member, out var name))
        {
            var path = TreeWriter.Normalize(name);
            var attributes = new EntryAttributes((InodeMode)member.Mode, member.Uid, member.Gid, new Timespec(member.ModifyTime, 0));
            var key = (member.Ino, member.Major, member.Minor);
            switch ((InodeMode)member.Mode & InodeMode.S_IFMT)
            {
                case InodeMode.S_IFDIR:
                    tree.AddDirectory(path.IsEmpty ? "/"u8 : path, attributes);
                    break;
                case InodeMode.S_IFLNK:
                    var target = new byte[Math.Min(member.FileSize, MaximumName)];
                    archive.ReadExactly(target);
                    tree.AddSymlink(path, target, attributes);
                    break;
                // Of several names of one file only one member carries the content: with GNU cpio the last, with others the first.
                case InodeMode.S_IFREG when member.Links > 1 && links.TryGetValue(key, out var first) && member.FileSize == 0:
                    tree.AddLink(path, first);
                    break;
                case InodeMode.S_IFREG when member.Links > 1 && links.TryGetValue(key, out var earlier):
                    tree.AddFile(earlier, archive, member.FileSize, attributes);
                    links.Remove(key);
                    tree.AddLink(path, earlier);
                    break;
                case InodeMode.S_IFREG:
                    tree.AddFile(path, archive, member.FileSize, attributes);
                    if (member.Links > 1)
                        links[key] = path.ToArray();
                    break;
                default:
                    tree.AddNode(path, new DeviceNumber(member.RdevMajor, member.RdevMinor), attributes);
                    break;
            }
            position += member.FileSize;
            Skip(archive, ref position);
        }
    }

    private static bool ReadMember(Stream archive, byte[] header, ref long position, out Member member, out byte[] name)
    {
        archive.ReadExactly(header);
        if (!header.AsSpan().StartsWith("070701"u8) && !header.AsSpan().StartsWith("070702"u8))
            throw new InvalidDataException("The archive is not in cpio's 'newc' format.");
        uint Field(int index) => uint.TryParse(header.AsSpan(6 + (index * 8), 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new InvalidDataException("A header of the cpio archive is damaged.");
        member = new Member(Field(0), Field(1), Field(2), Field(3), Field(4), Field(5), Field(6), Field(7), Field(8), Field(9), Field(10));
        var nameLength = Field(11);
        if (nameLength is 0 or > MaximumName)
            throw new InvalidDataException("A name in the cpio archive is too long.");
        name = new byte[nameLength];
        archive.ReadExactly(name);
        name = name[..^1];
        position += HeaderLength + nameLength;
        Skip(archive, ref position);
        return !name.AsSpan().SequenceEqual("TRAILER!!!"u8);
    }

    /// <summary>Headers and contents begin at multiples of four.</summary>
    private static void Skip(Stream archive, ref long position)
    {
        for (; (position & 3) != 0; position++)
        {
            if (archive.ReadByte() < 0)
                throw new EndOfStreamException("The cpio archive is cut off.");
        }
    }

    private readonly record struct Member(uint Ino, uint Mode, uint Uid, uint Gid, uint Links, uint ModifyTime, uint FileSize, uint Major, uint Minor, uint RdevMajor, uint RdevMinor);
}
