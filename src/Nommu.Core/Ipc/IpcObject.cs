using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>Linux: <c>struct kern_ipc_perm</c>: what segments, semaphore sets and message queues have in common. Guarded by the lock of its kind.</summary>
internal abstract class IpcObject(int key, int mode, Credentials creator, long now)
{
    /// <summary>Linux: S_IRUGO, S_IWUGO and S_IXUGO: which of these are looked at is the credentials' affair.</summary>
    internal const int ToRead = 0x124, ToWrite = 0x92, ToExecute = 0x49;

    /// <summary>Linux: S_IRWXUGO.</summary>
    internal const int Permissions = 0x1FF;

    private readonly uint _creatorUid = creator.Euid, _creatorGid = creator.Egid;
    private uint _uid = creator.Euid, _gid = creator.Egid;

    internal int Key { get; set; } = key;

    /// <summary>A place in the table, and how often its numbers had been used up; set as it is put in.</summary>
    internal int Id { get; set; }

    internal int Mode { get; set; } = mode & Permissions;

    /// <summary>Seconds of real time.</summary>
    internal long ChangeTime { get; set; } = now;

    /// <summary>Taken out of its table: whoever waits for it gets EIDRM.</summary>
    internal bool IsRemoved { get; set; }

    internal IpcPerm Perm => new()
    {
        Key = Key,
        Uid = _uid,
        Gid = _gid,
        CreatorUid = _creatorUid,
        CreatorGid = _creatorGid,
        Mode = Mode,
        Sequence = (ushort)(Id >> IpcTableLimits.IndexBits),
    };

    /// <summary>Linux: <c>ipcperms</c>: whether all that is wanted is granted.</summary>
    internal bool Allows(Credentials credentials, int wanted)
    {
        var requested = (wanted >> 6) | (wanted >> 3) | wanted;
        var granted = Mode;
        if (credentials.Euid == _creatorUid || credentials.Euid == _uid)
            granted >>= 6;
        else if (credentials.InGroup(_creatorGid) || credentials.InGroup(_gid))
            granted >>= 3;
        return (requested & ~granted & 7) == 0 || credentials.Has(Capability.CAP_IPC_OWNER);
    }

    /// <summary>May change and remove it.</summary>
    internal bool IsOwnedBy(Credentials credentials) => credentials.Euid == _creatorUid || credentials.Euid == _uid || credentials.Has(Capability.CAP_SYS_ADMIN);

    /// <summary>Linux: <c>ipc_update_perm</c>.</summary>
    /// <returns>EINVAL for ids that are none.</returns>
    internal Errno Change(in IpcPerm perm, long now)
    {
        if (perm.Uid == uint.MaxValue || perm.Gid == uint.MaxValue)
            return Errno.EINVAL;
        (_uid, _gid) = (perm.Uid, perm.Gid);
        Mode = (Mode & ~Permissions) | (perm.Mode & Permissions);
        ChangeTime = now;
        return Errno.None;
    }
}
