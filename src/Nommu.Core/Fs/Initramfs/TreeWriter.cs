using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs.Initramfs;

/// <summary>Linux: the second half of init/initramfs.c: makes files as an archive lists them, each with owner, mode and time. Missing parents are made; what is there already is replaced.</summary>
internal sealed class TreeWriter
{
    private const InodeMode DefaultDirectory = (InodeMode)0x1ED;

    private readonly FsCaller _caller;
    private readonly FsPath _top;
    private readonly byte[] _buffer = new byte[256 * 1024];

    /// <param name="caller">Who makes the files.</param>
    /// <param name="into">Where; made if it is not there.</param>
    internal TreeWriter(FsCaller caller, string into = "/")
    {
        (_caller, _top) = (caller, caller.Fs.Root);
        var path = System.Text.Encoding.UTF8.GetBytes(into.Trim('/'));
        if (path.Length == 0)
            return;
        AddDirectory(path, new EntryAttributes(InodeMode.S_IFDIR | DefaultDirectory, 0, 0, _top.Inode.SuperBlock.Now));
        _top = _caller.Resolve(_top, path).Value;
    }

    internal void AddDirectory(ReadOnlySpan<byte> path, in EntryAttributes attributes)
    {
        MakeParents(path);
        var error = NameCreation.MakeDirectory(_caller, _top, path, attributes.Mode);
        if (error != Errno.EEXIST)
            Check(error, path);
        Apply(path, attributes);
    }

    internal void AddFile(ReadOnlySpan<byte> path, Stream content, long length, in EntryAttributes attributes)
    {
        MakeParents(path);
        Replace(path);
        var opened = FileOpening.Open(_caller, _top, path, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL, attributes.Mode);
        if (!opened.TryGet(out var file))
            throw Failure(opened.Error, path);
        try
        {
            while (length > 0)
            {
                var count = content.Read(_buffer, 0, (int)Math.Min(_buffer.Length, length));
                if (count == 0)
                    throw new InvalidDataException($"The content of '{Text(path)}' is cut off.");
                var from = new IoVector((ReadOnlySpan<byte>)_buffer.AsSpan(0, count));
                var written = file.Write(ref from);
                if (written.Value != count)
                    throw Failure(written.IsOk ? Errno.ENOSPC : written.Error, path);
                length -= count;
            }
        }
        finally
        {
            file.Release();
        }
        Apply(path, attributes);
    }

    internal void AddSymlink(ReadOnlySpan<byte> path, ReadOnlySpan<byte> target, in EntryAttributes attributes)
    {
        MakeParents(path);
        Replace(path);
        Check(NameCreation.MakeSymlink(_caller, _top, path, target), path);
        Apply(path, attributes);
    }

    internal void AddLink(ReadOnlySpan<byte> path, ReadOnlySpan<byte> existing)
    {
        MakeParents(path);
        Replace(path);
        var found = _caller.Resolve(_top, existing, follow: false);
        Check(found.TryGet(out var old) ? NameCreation.Link(_caller, old, _top, path) : found.Error, path);
    }

    internal void AddNode(ReadOnlySpan<byte> path, DeviceNumber device, in EntryAttributes attributes)
    {
        MakeParents(path);
        Replace(path);
        Check(NameCreation.MakeNode(_caller, _top, path, attributes.Mode, device).Error, path);
        Apply(path, attributes);
    }

    /// <summary>Takes the slashes and the dot off that archives put before a path. Empty for the root itself.</summary>
    internal static ReadOnlySpan<byte> Normalize(ReadOnlySpan<byte> path)
    {
        while (true)
        {
            if (path.StartsWith("/"u8))
                path = path[1..];
            else if (path.StartsWith("./"u8))
                path = path[2..];
            else
                break;
        }
        path = path.TrimEnd((byte)'/');
        return path.SequenceEqual("."u8) ? default : path;
    }

    private void MakeParents(ReadOnlySpan<byte> path)
    {
        var end = path.LastIndexOf((byte)'/');
        if (end <= 0 || _caller.Resolve(_top, path[..end]).IsOk)
            return;
        MakeParents(path[..end]);
        Check(NameCreation.MakeDirectory(_caller, _top, path[..end], DefaultDirectory), path[..end]);
    }

    private void Replace(ReadOnlySpan<byte> path)
    {
        var error = NameRemoval.Unlink(_caller, _top, path);
        if (error is Errno.EISDIR)
            error = NameRemoval.RemoveDirectory(_caller, _top, path);
        if (error != Errno.ENOENT)
            Check(error, path);
    }

    private void Apply(ReadOnlySpan<byte> path, in EntryAttributes attributes)
    {
        var found = _caller.Resolve(_top, path.IsEmpty ? "."u8 : path, follow: false);
        if (!found.TryGet(out var place))
            throw Failure(found.Error, path);
        place.Inode.SetAttributes(new AttributeChange
        {
            Mode = place.Inode is SymlinkInode ? null : attributes.Mode,
            Uid = attributes.Uid,
            Gid = attributes.Gid,
            AccessTime = attributes.ModifyTime,
            ModifyTime = attributes.ModifyTime,
            ChangeTime = place.Inode.SuperBlock.Now,
        });
    }

    private static void Check(Errno error, ReadOnlySpan<byte> path)
    {
        if (error != Errno.None)
            throw Failure(error, path);
    }

    private static IOException Failure(Errno error, ReadOnlySpan<byte> path) => new($"The root file system has no place for '{Text(path)}': {error}.");

    private static string Text(ReadOnlySpan<byte> path) => System.Text.Encoding.UTF8.GetString(path);
}

/// <summary>What an archive says of a file besides its content.</summary>
/// <param name="Mode">Type and permissions.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="ModifyTime">Last change.</param>
internal readonly record struct EntryAttributes(InodeMode Mode, uint Uid, uint Gid, Timespec ModifyTime);
