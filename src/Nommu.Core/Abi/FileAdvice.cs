namespace Nommu.Core.Abi;

/// <summary>Linux: the advice of posix_fadvise(2).</summary>
internal enum FileAdvice
{
    POSIX_FADV_NORMAL = 0,
    POSIX_FADV_RANDOM = 1,
    POSIX_FADV_SEQUENTIAL = 2,
    POSIX_FADV_WILLNEED = 3,
    POSIX_FADV_DONTNEED = 4,
    POSIX_FADV_NOREUSE = 5,
}
