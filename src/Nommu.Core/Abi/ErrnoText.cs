namespace Nommu.Core.Abi;

/// <summary>Error numbers in words, for messages to the host (strerror(3) has more).</summary>
internal static class ErrnoText
{
    internal static string Describe(this Errno error) => error switch
    {
        Errno.EPERM => "operation not permitted",
        Errno.ENOENT => "no such file or directory",
        Errno.EIO => "input/output error",
        Errno.E2BIG => "argument list too long",
        Errno.ENOEXEC => "not an executable for x86-64 Linux that can be loaded here",
        Errno.EAGAIN => "no more processes",
        Errno.ENOMEM => "out of memory",
        Errno.EACCES => "permission denied",
        Errno.ENOTDIR => "not a directory",
        Errno.EISDIR => "is a directory",
        Errno.ELOOP => "too many levels of symbolic links or interpreters",
        Errno.ENAMETOOLONG => "file name too long",
        Errno.ESHUTDOWN => "the kernel is halting",
        _ => "failed",
    };
}
