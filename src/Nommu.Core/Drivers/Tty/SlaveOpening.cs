using System.Globalization;
using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: <c>ptm_open_peer</c>: opens a slave without a name, so that nothing in the tree can stand in its way. Where the tree shows it, it has that place all the same, for ttyname(3).</summary>
internal static class SlaveOpening
{
    internal static Result<FileDescription> Open(Tty tty, VirtualFileSystem files, OpenFlags flags, GuestThread? thread)
    {
        var request = new OpenRequest(Find(tty, files), flags & (OpenFlags.O_ACCMODE | OpenFlags.O_NONBLOCK | OpenFlags.O_NOCTTY | OpenFlags.O_CLOEXEC)) { Thread = thread };
        return TtyFile.Open(tty, request, mayControl: true);
    }

    private static FsPath Find(Tty tty, VirtualFileSystem files)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"/dev/pts/{tty.Number.Minor}");
        var context = files.CreateContext();
        try
        {
            var found = new FsCaller(context, Credentials.Root).Resolve(context.Root, Encoding.ASCII.GetBytes(name));
            if (found.TryGet(out var place) && place.Inode.Type == InodeMode.S_IFCHR && place.Inode.Rdev == tty.Number)
                return place;
        }
        finally
        {
            context.Release();
        }
        var inode = new SpecialInode(files.Anonymous, tty.Number.Minor, InodeMode.S_IFCHR | (InodeMode)0x180, 0, 0, tty.Number);
        return files.Anonymous.Place(inode, name);
    }
}
