using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Tmpfs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Fs;

/// <summary>A file system of its own with a tmpfs root, and its operations with texts for paths.</summary>
internal sealed class TestFiles : IDisposable
{
    internal TestFiles(long bytes = 16 << 20, string options = "", params IFileSystemType[] types)
    {
        Store = new PageStore(bytes);
        FileSystem = new VirtualFileSystem([new TmpfsType(Store), .. types], "tmpfs", Encoding.UTF8.GetBytes(options), new DeviceTable(), TimeProvider.System);
        Caller = new FsCaller(FileSystem.CreateContext(), Credentials.Root);
        Caller.Fs.Umask = InodeMode.None;
    }

    internal PageStore Store { get; }

    internal VirtualFileSystem FileSystem { get; }

    internal FsCaller Caller { get; set; }

    internal static FsCaller As(FsCaller caller, uint uid, uint gid = 100) => caller with { Credentials = new Credentials { Uid = uid, Euid = uid, Suid = uid, Fsuid = uid, Gid = gid, Egid = gid, Sgid = gid, Fsgid = gid } };

    internal FsPath Start => Caller.Fs.WorkingDirectory;

    internal static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    internal Result<FileDescription> Open(string path, OpenFlags flags = OpenFlags.O_RDONLY, int mode = 0x1B6) => FileOpening.Open(Caller, Start, Bytes(path), flags, (InodeMode)mode);

    internal Errno MakeDirectory(string path, int mode = 0x1ED) => NameCreation.MakeDirectory(Caller, Start, Bytes(path), (InodeMode)mode);

    internal Errno Symlink(string target, string path) => NameCreation.MakeSymlink(Caller, Start, Bytes(path), Bytes(target));

    internal Errno Link(string old, string path, bool follow = false)
    {
        var found = Resolve(old, follow);
        return found.TryGet(out var place) ? NameCreation.Link(Caller, place, Start, Bytes(path)) : found.Error;
    }

    internal Errno MakeFifo(string path) => NameCreation.MakeNode(Caller, Start, Bytes(path), InodeMode.S_IFIFO | (InodeMode)0x1B6, default).Error;

    internal Errno Unlink(string path) => NameRemoval.Unlink(Caller, Start, Bytes(path));

    internal Errno RemoveDirectory(string path) => NameRemoval.RemoveDirectory(Caller, Start, Bytes(path));

    internal Errno Rename(string old, string path, RenameFlags flags = RenameFlags.None) => Renaming.Rename(Caller, Start, Bytes(old), Start, Bytes(path), flags);

    internal Result<FsPath> Resolve(string path, bool follow = true) => Caller.Resolve(Start, Bytes(path), follow);

    internal Errno Truncate(string path, long size)
    {
        var found = Resolve(path);
        return found.TryGet(out var place) ? AttributeOperations.Truncate(Caller, place, size) : found.Error;
    }

    internal Errno ChangeMode(string path, int mode)
    {
        var found = Resolve(path);
        return found.TryGet(out var place) ? AttributeOperations.ChangeMode(Caller, place, (InodeMode)mode) : found.Error;
    }

    internal Errno Mount(string type, string path, MountFlags flags = MountFlags.None, string options = "")
    {
        var superBlock = FileSystem.FindType(type)!.Mount(new MountRequest("none", flags, Bytes(options), FileSystem.NextDevice(), FileSystem.Clock));
        return superBlock.TryGet(out var made) ? FileSystem.Mounts.Add(made, Resolve(path).Value, flags, "none") : superBlock.Error;
    }

    internal Errno Write(string path, string text, OpenFlags flags = OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_TRUNC)
    {
        var opened = Open(path, flags);
        if (!opened.TryGet(out var file))
            return opened.Error;
        var from = new IoVector((ReadOnlySpan<byte>)Bytes(text));
        var result = file.Write(ref from);
        file.Release();
        return result.Error;
    }

    internal string Read(string path)
    {
        var file = Open(path).Value;
        var buffer = new byte[1 << 20];
        var to = new IoVector(buffer.AsSpan());
        var count = file.Read(ref to).Value;
        file.Release();
        return Encoding.UTF8.GetString(buffer, 0, (int)count);
    }

    internal List<string> List(string path)
    {
        var directory = (DirectoryInode)Resolve(path).Value.Inode;
        var names = new List<string>();
        long cookie = 0;
        lock (directory.NamesLock)
        {
            while (directory.NextEntry(cookie).TryGet(out var entry))
            {
                names.Add(entry.Name.ToString());
                cookie = entry.Cookie;
            }
        }
        return names;
    }

    public void Dispose()
    {
        Caller.Fs.Release();
        FileSystem.Mounts.Clear();
        Store.Dispose();
    }
}
