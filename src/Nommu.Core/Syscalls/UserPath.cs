using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: <c>getname</c>. A path that a guest gave, copied in, with the directory it begins at.</summary>
internal readonly ref struct UserPath
{
    /// <summary>Linux: the descriptor that stands for the working directory.</summary>
    internal const int AT_FDCWD = -100;

    private UserPath(Errno error) => Error = error;

    private UserPath(FsPath start, ReadOnlySpan<byte> text)
    {
        Start = start;
        Text = text;
    }

    /// <summary>EFAULT, ENAMETOOLONG, EBADF.</summary>
    internal Errno Error { get; }

    /// <summary>Where a relative path begins.</summary>
    internal FsPath Start { get; }

    internal ReadOnlySpan<byte> Text { get; }

    internal static UserPath Read(GuestThread thread, UserPtr<byte> path) => Read(thread, AT_FDCWD, path, thread.PathBuffer);

    internal static UserPath Read(GuestThread thread, int directory, UserPtr<byte> path) => Read(thread, directory, path, thread.PathBuffer);

    /// <summary>The second path of a call that has two.</summary>
    internal static UserPath ReadOther(GuestThread thread, int directory, UserPtr<byte> path) => Read(thread, directory, path, thread.OtherPathBuffer);

    /// <summary>Finds what it names; with AT_EMPTY_PATH an empty one names the descriptor itself.</summary>
    internal Result<FsPath> Resolve(GuestThread thread, AtFlags flags, bool follow) =>
        Error != Errno.None ? Error
        : Text.IsEmpty && (flags & AtFlags.AT_EMPTY_PATH) != 0 ? Start
        : thread.FsCaller.Resolve(Start, Text, follow);

    private static UserPath Read(GuestThread thread, int directory, UserPtr<byte> path, byte[] buffer)
    {
        var read = thread.Memory.ReadString(path.Address, buffer);
        if (!read.TryGet(out var length))
            return new UserPath(read.Error);
        var text = buffer.AsSpan(0, length);
        if (directory == AT_FDCWD || (length > 0 && text[0] == '/'))
            return new UserPath(thread.Fs.WorkingDirectory, text);
        using var file = thread.Files.Get(directory);
        return file.File is { } found ? new UserPath(found.Path, text) : new UserPath(Errno.EBADF);
    }
}
