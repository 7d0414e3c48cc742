using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Unix;

/// <summary>Names: a node in a file system, or a name that stands for itself.</summary>
internal sealed partial class UnixSocket
{
    private readonly Lock _binding = new();
    private volatile byte[]? _name;
    private FsPath _place;

    /// <summary>The address it is bound to, or that of whom it was accepted from; null without one.</summary>
    internal byte[]? Name => _name;

    internal override Errno Bind(GuestThread thread, ReadOnlySpan<byte> address)
    {
        if (UnixName.IsEmpty(address))
            return BindAutomatically();
        if (!UnixName.IsValid(address))
            return Errno.EINVAL;
        var path = UnixName.Path(address);
        lock (_binding)
        {
            if (_name is not null)
                return Errno.EINVAL;
            var error = path[0] == 0 ? family.BindAbstract(this, path) : BindToFile(thread, path);
            if (error == Errno.None)
                _name = UnixName.Of(path);
            return error;
        }
    }

    /// <summary>Linux: <c>unix_autobind</c>.</summary>
    private Errno BindAutomatically()
    {
        lock (_binding)
        {
            if (_name is not null)
                return Errno.None;
            var bound = family.BindAutomatically(this);
            _name = bound.Value;
            return bound.Error;
        }
    }

    private Errno BindToFile(GuestThread thread, ReadOnlySpan<byte> path)
    {
        var made = NameCreation.MakeNode(thread.FsCaller, thread.Fs.WorkingDirectory, path, InodeMode.S_IFSOCK | InodeMode.S_IRWXUGO, default);
        if (!made.TryGet(out var place))
            return made.Error == Errno.EEXIST ? Errno.EADDRINUSE : made.Error;
        // Whoever removes the node at once leaves a socket that nobody finds.
        if (place.Inode is SpecialInode node && place.Mount.TryRetain())
        {
            if (node.TryPin())
            {
                node.BoundSocket = this;
                _place = place;
            }
            else
            {
                place.Mount.Release();
            }
        }
        return Errno.None;
    }

    /// <summary>Nobody finds it any more; called under the family's lock.</summary>
    private void RemoveName()
    {
        if (_place.IsValid)
            ((SpecialInode)_place.Inode).BoundSocket = null;
        // An accepted socket shows its listener's name, but does not own it.
        else if (_name is { } name && !_isNameBorrowed)
            family.Unbind(this, UnixName.Path(name));
    }

    private void ReleasePlace()
    {
        if (!_place.IsValid)
            return;
        _place.Inode.Unpin();
        _place.Mount.Release();
        _place = default;
    }
}
