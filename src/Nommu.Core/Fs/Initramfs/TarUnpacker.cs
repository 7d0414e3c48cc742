using System.Formats.Tar;
using System.Text;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Initramfs;

/// <summary>A tar archive as the content of the root.</summary>
internal static class TarUnpacker
{
    internal static void Unpack(Stream archive, TreeWriter tree)
    {
        using var reader = new TarReader(archive, leaveOpen: true);
        while (reader.GetNextEntry() is { } entry)
        {
            var path = TreeWriter.Normalize(Encoding.UTF8.GetBytes(entry.Name));
            var mode = (InodeMode)(uint)entry.Mode & InodeMode.Permissions;
            EntryAttributes As(InodeMode type) => new(type | mode, (uint)entry.Uid, (uint)entry.Gid, Timespec.FromDateTime(entry.ModificationTime));
            switch (entry.EntryType)
            {
                case TarEntryType.Directory:
                    tree.AddDirectory(path.IsEmpty ? "/"u8 : path, As(InodeMode.S_IFDIR));
                    break;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    tree.AddFile(path, entry.DataStream ?? Stream.Null, entry.Length, As(InodeMode.S_IFREG));
                    break;
                case TarEntryType.SymbolicLink:
                    tree.AddSymlink(path, Encoding.UTF8.GetBytes(entry.LinkName), As(InodeMode.S_IFLNK));
                    break;
                case TarEntryType.HardLink:
                    tree.AddLink(path, TreeWriter.Normalize(Encoding.UTF8.GetBytes(entry.LinkName)));
                    break;
                case TarEntryType.Fifo:
                    tree.AddNode(path, default, As(InodeMode.S_IFIFO));
                    break;
                case TarEntryType.CharacterDevice or TarEntryType.BlockDevice when entry is PosixTarEntry node:
                    var type = entry.EntryType == TarEntryType.CharacterDevice ? InodeMode.S_IFCHR : InodeMode.S_IFBLK;
                    tree.AddNode(path, new DeviceNumber((uint)node.DeviceMajor, (uint)node.DeviceMinor), As(type));
                    break;
                case TarEntryType.GlobalExtendedAttributes:
                    break;
                default:
                    throw new InvalidDataException($"The tar archive holds '{entry.Name}', of a kind that is not understood: {entry.EntryType}.");
            }
        }
    }
}
