using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Fs.Initramfs;

/// <summary>A directory of the host as the content of the root. Everything belongs to root there, whoever keeps it on the host.</summary>
internal static class DirectoryCopier
{
    internal static void Copy(string directory, TreeWriter tree)
    {
        var links = new Dictionary<(ulong Device, ulong Ino), byte[]>();
        var left = new Stack<(string Host, string Guest)>([(directory, "")]);
        while (left.TryPop(out var current))
        {
            foreach (var name in Directory.EnumerateFileSystemEntries(current.Host).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal))
            {
                var hostPath = System.IO.Path.Combine(current.Host, name);
                var guestPath = current.Guest.Length == 0 ? name : $"{current.Guest}/{name}";
                if (!HostFileStatus.TryRead(hostPath, out var status))
                    continue;
                if (((InodeMode)status.Mode & InodeMode.S_IFMT) == InodeMode.S_IFDIR)
                    left.Push((hostPath, guestPath));
                CopyEntry(hostPath, Encoding.UTF8.GetBytes(guestPath), status, tree, links);
            }
        }
    }

    private static void CopyEntry(string hostPath, byte[] path, in Stat status, TreeWriter tree, Dictionary<(ulong Device, ulong Ino), byte[]> links)
    {
        var attributes = new EntryAttributes((InodeMode)status.Mode, 0, 0, status.ModifyTime);
        var type = attributes.Mode & InodeMode.S_IFMT;
        if (type == InodeMode.S_IFDIR)
        {
            tree.AddDirectory(path, attributes);
            return;
        }
        if (status.Nlink > 1)
        {
            if (links.TryGetValue((status.Dev, status.Ino), out var first))
            {
                tree.AddLink(path, first);
                return;
            }
            links[(status.Dev, status.Ino)] = path;
        }
        switch (type)
        {
            case InodeMode.S_IFREG:
                using (var content = new FileStream(hostPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0))
                    tree.AddFile(path, content, status.Size, attributes);
                break;
            case InodeMode.S_IFLNK:
                tree.AddSymlink(path, Encoding.UTF8.GetBytes(new FileInfo(hostPath).LinkTarget ?? ""), attributes);
                break;
            default:
                tree.AddNode(path, DeviceNumber.FromEncoded(status.Rdev), attributes);
                break;
        }
    }
}
