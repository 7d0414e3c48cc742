using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>What the last component of a path is (Linux: LAST_NORM and the others).</summary>
internal enum LastComponent
{
    /// <summary>A name to look up or create.</summary>
    Name,

    /// <summary>A single dot.</summary>
    Dot,

    /// <summary>Two dots.</summary>
    DotDot,

    /// <summary>None: the path is nothing but slashes, or a link to the very place.</summary>
    Root,
}

/// <summary>
/// Linux: <c>struct nameidata</c> and the walk of fs/namei.c (path_resolution(7)). Differs: the rest of a path behind a symbolic link waits on a small stack of byte arrays.
/// </summary>
/// <remarks>First <see cref="ToParent"/>, then either <see cref="Finish"/>, or whatever creates or removes <see cref="Last"/> in <see cref="At"/>.</remarks>
internal ref struct PathWalk
{
    /// <summary>Linux: MAXSYMLINKS.</summary>
    private const int MaximumLinks = 40;

    private readonly MountNamespace _mounts;
    private readonly FsCaller _caller;
    private readonly FsPath _root;
    private ReadOnlySpan<byte> _rest;
    private Pending[]? _stack;
    private int _depth;
    private int _links;
    private byte[]? _current;

    /// <summary>Starts at a directory.</summary>
    /// <param name="caller">Who searches, with which root.</param>
    /// <param name="start">Where a relative path begins.</param>
    /// <param name="path">The path; not empty.</param>
    internal PathWalk(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path)
    {
        _mounts = caller.Fs.Mounts;
        _caller = caller;
        _root = caller.Fs.Root;
        _rest = path;
        At = path.Length > 0 && path[0] == '/' ? _root : start;
        _original = path;
    }

    private readonly ReadOnlySpan<byte> _original;

    /// <summary>How far the walk has come: behind <see cref="ToParent"/> the directory of the last component.</summary>
    internal FsPath At { get; private set; }

    /// <summary>The last component.</summary>
    internal ReadOnlySpan<byte> Last { get; private set; }

    /// <summary>Its kind.</summary>
    internal LastComponent LastKind { get; private set; }

    /// <summary>True when a slash follows the last component, which must be a directory then.</summary>
    internal bool TrailingSlash { get; private set; }

    /// <summary>True when the walk ended on a magic link, so there is no parent.</summary>
    internal bool Jumped { get; private set; }

    /// <summary>Walks a path in one go.</summary>
    /// <returns>Where it leads.</returns>
    internal static Result<FsPath> Resolve(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path, bool follow = true)
    {
        if (path.IsEmpty)
            return Errno.ENOENT;
        var walk = new PathWalk(caller, start, path);
        var error = walk.ToParent();
        return error != Errno.None ? error : walk.Finish(follow);
    }

    /// <summary>Walks all but the last component.</summary>
    internal Errno ToParent()
    {
        while (true)
        {
            var any = NextComponent(out var name, out var isLast);
            if (any)
            {
                var error = CheckSearch(At);
                if (error != Errno.None)
                    return error;
            }
            if (!any || isLast)
            {
                Last = name;
                LastKind = !any ? LastComponent.Root : IsDot(name) ? LastComponent.Dot : IsDotDot(name) ? LastComponent.DotDot : LastComponent.Name;
                return Errno.None;
            }
            if (IsDot(name))
                continue;
            if (IsDotDot(name))
            {
                At = Up(At);
                continue;
            }
            var step = Step(name, follow: true);
            if (step != Errno.None)
                return step;
        }
    }

    /// <summary>Walks the last component, and on if it is a link to be followed.</summary>
    /// <param name="follow">True to follow; with a slash behind, a link is followed anyway.</param>
    internal Result<FsPath> Finish(bool follow)
    {
        while (true)
        {
            switch (LastKind)
            {
                case LastComponent.DotDot:
                    At = Up(At);
                    return At;
                case LastComponent.Dot or LastComponent.Root:
                    if ((TrailingSlash || LastKind == LastComponent.Dot) && At.Dentry.Directory is null)
                        return Errno.ENOTDIR;
                    return At;
            }
            var found = LookupLast();
            if (!found.TryGet(out var path))
                return found.Error;
            if (path.Inode is not SymlinkInode link || !(follow || TrailingSlash))
            {
                if (TrailingSlash && path.Dentry.Directory is null)
                    return Errno.ENOTDIR;
                return At = path;
            }
            var error = FollowLast(path, link);
            if (error != Errno.None)
                return error;
        }
    }

    /// <summary>Looks the last component up without following it; the walk stays at the parent.</summary>
    internal readonly Result<FsPath> LookupLast()
    {
        var found = DirectoryLookup.Find(At.Dentry, Last);
        return found.TryGet(out var dentry) ? _mounts.Cross(new FsPath(At.Mount, dentry)) : found.Error;
    }

    /// <summary>Goes to the parent of what the last component, a link, points to.</summary>
    internal Errno FollowLast(FsPath path, SymlinkInode link)
    {
        var trailing = TrailingSlash;
        var error = Follow(path, link);
        if (error == Errno.None)
            error = ToParent();
        TrailingSlash |= trailing;
        return error;
    }

    private Errno Step(ReadOnlySpan<byte> name, bool follow)
    {
        var found = DirectoryLookup.Find(At.Dentry, name);
        if (!found.TryGet(out var dentry))
            return found.Error;
        var path = dentry.IsMountPoint ? _mounts.Cross(new FsPath(At.Mount, dentry)) : new FsPath(At.Mount, dentry);
        if (follow && path.Inode is SymlinkInode link)
            return Follow(path, link);
        At = path;
        return Errno.None;
    }

    /// <summary>Linux: <c>pick_link</c>: the rest of the path waits while the link's target is walked.</summary>
    private Errno Follow(FsPath path, SymlinkInode link)
    {
        if (++_links > MaximumLinks || (path.Mount.Flags & MountFlags.MS_NOSYMFOLLOW) != 0)
            return Errno.ELOOP;
        link.TouchAccessed(path.Mount);
        if (link.FollowTo(_caller) is { } jump)
        {
            if (!jump.TryGet(out var place))
                return jump.Error;
            At = place;
            Jumped = true;
            return Errno.None;
        }
        var read = link.ReadLink(_caller);
        if (!read.TryGet(out var target))
            return read.Error;
        if (target.Length == 0)
            return Errno.ENOENT;
        if (HasComponent(_rest))
        {
            _stack ??= new Pending[MaximumLinks];
            _stack[_depth++] = new Pending(_current, (_current is null ? _original.Length : _current.Length) - _rest.Length);
        }
        _current = target;
        _rest = target;
        if (target[0] == '/')
            At = _root;
        return Errno.None;
    }

    private bool NextComponent(out ReadOnlySpan<byte> name, out bool isLast)
    {
        while (true)
        {
            var start = _rest.IndexOfAnyExcept((byte)'/');
            if (start >= 0)
            {
                var rest = _rest[start..];
                var end = rest.IndexOf((byte)'/');
                name = end < 0 ? rest : rest[..end];
                _rest = end < 0 ? default : rest[end..];
                isLast = _depth == 0 && !HasComponent(_rest);
                TrailingSlash = isLast && !_rest.IsEmpty;
                if (name.Length > 0)
                    Jumped = false;
                return true;
            }
            if (_depth == 0)
            {
                TrailingSlash |= !_rest.IsEmpty;
                name = default;
                isLast = true;
                return false;
            }
            var pending = _stack![--_depth];
            _current = pending.Path;
            _rest = _current is null ? _original[pending.Offset..] : _current.AsSpan(pending.Offset);
        }
    }

    private readonly Errno CheckSearch(FsPath path)
    {
        var inode = path.Inode;
        return inode is DirectoryInode ? inode.CheckPermission(_caller.Credentials, AccessMask.MAY_EXEC) : Errno.ENOTDIR;
    }

    /// <summary>Linux: <c>follow_dotdot</c>: never above the root, out of a mount by its mount point.</summary>
    private readonly FsPath Up(FsPath path)
    {
        while (path != _root)
        {
            if (path.Dentry != path.Mount.Root)
            {
                path = new FsPath(path.Mount, path.Dentry.Parent);
                break;
            }
            if (path.Mount.Parent is not { } parent)
                break;
            path = new FsPath(parent, path.Mount.MountPoint!);
        }
        return _mounts.Cross(path);
    }

    private static bool HasComponent(ReadOnlySpan<byte> path) => path.IndexOfAnyExcept((byte)'/') >= 0;

    private static bool IsDot(ReadOnlySpan<byte> name) => name.Length == 1 && name[0] == '.';

    private static bool IsDotDot(ReadOnlySpan<byte> name) => name.Length == 2 && name[0] == '.' && name[1] == '.';

    private readonly record struct Pending(byte[]? Path, int Offset);
}
