namespace Nommu.Core.Fs;

/// <summary>Linux: <c>d_path</c>: the way back from a place to its path, as getcwd(2), /proc/PID/fd and /proc/PID/maps show it.</summary>
internal static class PathNaming
{
    /// <summary>Writes the path of a place as seen from a root.</summary>
    /// <param name="path">The place.</param>
    /// <param name="root">The caller's root.</param>
    /// <param name="buffer">Filled from its end.</param>
    /// <param name="reachable">False where the place is not below the root.</param>
    /// <returns>The written part of the buffer; empty when it is too small.</returns>
    internal static ReadOnlySpan<byte> Write(FsPath path, FsPath root, Span<byte> buffer, out bool reachable)
    {
        var start = buffer.Length;
        reachable = true;
        while (path != root)
        {
            if (path.Dentry == path.Mount.Root)
            {
                if (path.Mount.Parent is { } parent)
                {
                    path = new FsPath(parent, path.Mount.MountPoint!);
                    continue;
                }
                reachable = false; // the top of everything, and the root was not on the way
                break;
            }
            if (path.Dentry.IsRoot)
            {
                reachable = false;
                break;
            }
            var name = path.Dentry.Name.Bytes;
            start -= name.Length + 1;
            if (start < 0)
                return default;
            buffer[start] = (byte)'/';
            name.CopyTo(buffer[(start + 1)..]);
            path = new FsPath(path.Mount, path.Dentry.Parent);
        }
        if (start == buffer.Length && start > 0)
            buffer[--start] = (byte)'/';
        return buffer[start..];
    }

    /// <summary>The path below the top of all mounts, for people.</summary>
    internal static string DescribeAsText(FsPath path) => System.Text.Encoding.UTF8.GetString(Describe(path, default));

    /// <summary>The same as a new array, with <c> (deleted)</c> behind a name that is gone. What lies in no tree shows the name it was given.</summary>
    internal static byte[] Describe(FsPath path, FsPath root)
    {
        // By the mount, since the file of a memfd or of shared memory is a tmpfs's: their names say themselves that they are deleted.
        if (path.Mount.SuperBlock is AnonymousInodes && path.Dentry.IsRoot)
            return path.Dentry.Name.Bytes.ToArray();
        var size = 1;
        for (FsPath at = path; ;)
        {
            if (at.Dentry != at.Mount.Root && !at.Dentry.IsRoot)
            {
                size += at.Dentry.Name.Bytes.Length + 1;
                at = new FsPath(at.Mount, at.Dentry.Parent);
            }
            else if (at.Mount.Parent is { } parent)
            {
                at = new FsPath(parent, at.Mount.MountPoint!);
            }
            else
            {
                break;
            }
        }
        // A rename may make it longer meanwhile: then what was measured no longer fits, and the next try measures anew.
        var text = Write(path, root, new byte[size + FileName.MaximumLength], out _).ToArray();
        return path.Dentry.IsDeleted ? [.. text, .. " (deleted)"u8] : text;
    }
}
