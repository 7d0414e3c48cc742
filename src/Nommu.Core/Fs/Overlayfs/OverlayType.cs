using System.Text;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>Linux: overlayfs (Documentation/filesystems/overlayfs.rst). Differs: of its options only those are there that say where the layers are; features that are off by default can be said to be off.</summary>
internal sealed class OverlayType : IFileSystemType
{
    private const int MostLayers = 500;

    /// <inheritdoc/>
    public string Name => "overlay";

    /// <inheritdoc/>
    public long Magic => (long)StatfsMagic.OVERLAYFS_SUPER_MAGIC;

    /// <inheritdoc/>
    public Result<SuperBlock> Mount(in MountRequest request)
    {
        if (request.Caller is not { } caller)
            return Errno.EINVAL;
        var parsed = OverlayOptions.Parse(request.Options);
        if (!parsed.TryGet(out var options) || options.Lowers.Count is 0 or > MostLayers || options.Upper is null != options.Work is null || (options.Upper is null && options.Lowers.Count < 2))
            return Errno.EINVAL;
        var lowers = new List<Dentry>();
        foreach (var path in options.Lowers)
        {
            var found = FindDirectory(caller, path);
            if (!found.TryGet(out var place))
                return found.Error;
            lowers.Add(place.Dentry);
        }
        if (options.Upper is null)
            return new OverlaySuperBlock(this, request, [.. lowers], null, null, options.Text);
        var upper = FindDirectory(caller, options.Upper);
        var work = FindDirectory(caller, options.Work!);
        if (!upper.IsOk || !work.IsOk)
            return upper.IsOk ? work.Error : upper.Error;
        if (upper.Value.Mount.IsReadOnly)
            return Errno.EINVAL;
        // One mount, for renames between them, and none within the other, for the same reason.
        if (upper.Value.Mount != work.Value.Mount || upper.Value.Dentry.IsWithin(work.Value.Dentry) || work.Value.Dentry.IsWithin(upper.Value.Dentry))
            return Errno.EINVAL;
        if (lowers.Exists(lower => lower == upper.Value.Dentry || lower == work.Value.Dentry))
            return Errno.ELOOP;
        var inner = MakeWork(work.Value.Dentry);
        return inner.TryGet(out var directory) ? new OverlaySuperBlock(this, request, [.. lowers], upper.Value.Dentry, directory, options.Text) : inner.Error;
    }

    private static Result<FsPath> FindDirectory(in FsCaller caller, byte[] path)
    {
        var found = caller.Resolve(caller.Fs.WorkingDirectory, path);
        return found.TryGet(out var place) && place.Dentry.Directory is null ? Errno.ENOTDIR : found;
    }

    /// <summary>Linux: <c>ovl_workdir_create</c>: a directory "work" in the work directory, which nobody else touches.</summary>
    private static Result<Dentry> MakeWork(Dentry parent)
    {
        FileName name = "work";
        var directory = parent.Directory!;
        lock (directory.NamesLock)
        {
            var found = DirectoryLookup.FindLocked(parent, name);
            if (found.TryGet(out var existing))
                return existing.Directory is null ? Errno.EINVAL : existing;
            if (found.Error != Errno.ENOENT)
                return found;
            var made = directory.MakeDirectory(name, new CreateRequest(InodeMode.S_IFDIR, 0, 0));
            return made.TryGet(out var inode) ? DirectoryLookup.Add(parent, name, inode) : made.Error;
        }
    }
}

/// <summary>What mount(2) is told of an overlay.</summary>
internal sealed class OverlayOptions
{
    internal List<byte[]> Lowers { get; } = [];

    internal byte[]? Upper { get; private set; }

    internal byte[]? Work { get; private set; }

    internal string Text { get; private init; } = "";

    /// <returns>EINVAL for what is not understood.</returns>
    internal static Result<OverlayOptions> Parse(ReadOnlySpan<byte> text)
    {
        var options = new OverlayOptions { Text = Encoding.UTF8.GetString(text) };
        foreach (var word in Split(text, ','))
        {
            var equals = word.AsSpan().IndexOf((byte)'=');
            var value = word[(equals + 1)..];
            switch (equals < 0 ? Encoding.UTF8.GetString(word) : Encoding.UTF8.GetString(word.AsSpan(0, equals)))
            {
                case "lowerdir" when equals >= 0:
                    options.Lowers.Clear();
                    options.Lowers.AddRange(Split(value, ':').Select(Unescape));
                    break;
                case "upperdir" when equals >= 0:
                    options.Upper = Unescape(value);
                    break;
                case "workdir" when equals >= 0:
                    options.Work = Unescape(value);
                    break;
                case "redirect_dir" when value.AsSpan().SequenceEqual("off"u8) || value.AsSpan().SequenceEqual("nofollow"u8):
                case "index" or "metacopy" or "nfs_export" when value.AsSpan().SequenceEqual("off"u8):
                case "xino" when value.AsSpan().SequenceEqual("on"u8) || value.AsSpan().SequenceEqual("off"u8) || value.AsSpan().SequenceEqual("auto"u8):
                case "volatile" when equals < 0:
                case "":
                    break;
                default:
                    return Errno.EINVAL;
            }
        }
        return options.Lowers.Exists(path => path.Length == 0) ? Errno.EINVAL : options;
    }

    /// <summary>A backslash takes its meaning from what follows it.</summary>
    private static List<byte[]> Split(ReadOnlySpan<byte> text, char separator)
    {
        var parts = new List<byte[]>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == separator)
            {
                parts.Add(text[start..i].ToArray());
                start = i + 1;
            }
        }
        parts.Add(text[start..].ToArray());
        return parts;
    }

    private static byte[] Unescape(byte[] text)
    {
        var plain = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
                i++;
            plain.Add(text[i]);
        }
        return [.. plain];
    }
}
