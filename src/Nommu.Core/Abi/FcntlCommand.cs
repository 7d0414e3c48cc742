namespace Nommu.Core.Abi;

/// <summary>Linux: the commands of fcntl(2).</summary>
internal enum FcntlCommand
{
    F_DUPFD = 0,
    F_GETFD = 1,
    F_SETFD = 2,
    F_GETFL = 3,
    F_SETFL = 4,
    F_GETLK = 5,
    F_SETLK = 6,
    F_SETLKW = 7,
    F_SETOWN = 8,
    F_GETOWN = 9,
    F_SETSIG = 10,
    F_GETSIG = 11,
    F_SETOWN_EX = 15,
    F_GETOWN_EX = 16,
    F_GETOWNER_UIDS = 17,
    F_OFD_GETLK = 36,
    F_OFD_SETLK = 37,
    F_OFD_SETLKW = 38,
    F_SETLEASE = 1024,
    F_GETLEASE = 1025,
    F_NOTIFY = 1026,
    F_CANCELLK = 1029,
    F_DUPFD_CLOEXEC = 1030,
    F_SETPIPE_SZ = 1031,
    F_GETPIPE_SZ = 1032,
    F_ADD_SEALS = 1033,
    F_GET_SEALS = 1034,
    F_GET_RW_HINT = 1035,
    F_SET_RW_HINT = 1036,
    F_GET_FILE_RW_HINT = 1037,
    F_SET_FILE_RW_HINT = 1038,
}

/// <summary>Linux: the flags of a descriptor, as F_GETFD answers them.</summary>
[Flags]
internal enum FdFlags
{
    None = 0,
    FD_CLOEXEC = 1,
}

/// <summary>Linux: <c>l_type</c> of <c>struct flock</c> (fcntl(2)).</summary>
internal enum LockType : short
{
    F_RDLCK = 0,
    F_WRLCK = 1,
    F_UNLCK = 2,
}

/// <summary>Linux: the operations of flock(2).</summary>
[Flags]
internal enum FlockOperation
{
    None = 0,
    LOCK_SH = 1,
    LOCK_EX = 2,
    LOCK_NB = 4,
    LOCK_UN = 8,
}
