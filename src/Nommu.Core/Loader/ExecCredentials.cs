using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Loader;

/// <summary>Linux: <c>bprm_fill_uid</c> and <c>cap_bprm_creds_from_file</c>: the rights of a program that execve(2) starts (capabilities(7), "Transformation of capabilities during execve()").</summary>
/// <param name="Credentials">Whose they are.</param>
/// <param name="IsSecure">AT_SECURE: its caller must not rule it, since it has other rights.</param>
/// <param name="IsReadable">False where the caller may run the file and not read it: nor what it becomes in memory.</param>
internal sealed record ExecCredentials(Credentials Credentials, bool IsSecure, bool IsReadable)
{
    /// <summary>Looks at set-id bits and capabilities of a file.</summary>
    /// <param name="old">The caller's.</param>
    /// <param name="file">What is executed.</param>
    /// <param name="noNewPrivileges">prctl(PR_SET_NO_NEW_PRIVS): nothing is added.</param>
    internal static ExecCredentials Of(Credentials old, FileDescription file, bool noNewPrivileges)
    {
        var inode = file.Inode;
        var counts = (file.Path.Mount.Flags & MountFlags.MS_NOSUID) == 0;
        var (euid, egid) = (old.Euid, old.Egid);
        if (counts && !noNewPrivileges)
        {
            if ((inode.Mode & InodeMode.S_ISUID) != 0)
                euid = inode.Uid;
            if ((inode.Mode & (InodeMode.S_ISGID | InodeMode.S_IXGRP)) == (InodeMode.S_ISGID | InodeMode.S_IXGRP))
                egid = inode.Gid;
        }
        var user = old with { Euid = euid, Suid = euid, Fsuid = euid, Egid = egid, Sgid = egid, Fsgid = egid };
        var has = counts ? FileCapabilities.Of(inode) : null;
        var wasChanged = euid != old.Euid || (egid != old.Egid && !old.InGroup(egid));
        var capabilities = Transform(old.Capabilities, user, has, wasChanged, noNewPrivileges, out var isEffective);
        var isSecure = euid != old.Uid || egid != old.Gid || (old.Uid != 0 && (isEffective || (capabilities.Permitted & ~capabilities.Ambient) != 0));
        return new ExecCredentials(user with { Capabilities = capabilities }, isSecure, inode.CheckPermission(old, AccessMask.MAY_READ) == Errno.None);
    }

    private static Capabilities Transform(Capabilities old, Credentials user, FileCapabilities? file, bool wasChanged, bool noNewPrivileges, out bool isEffective)
    {
        var permitted = file is null ? 0 : (old.Bounding & file.Permitted) | (old.Inheritable & file.Inheritable);
        isEffective = file is { IsEffective: true };
        // A file of root's with capabilities of its own gives those alone to who is not root.
        var isRoot = !old.Has(SecureBits.SECBIT_NOROOT) && !(file is not null && user.Uid != 0 && user.Euid == 0);
        if (isRoot && (user.Euid == 0 || user.Uid == 0))
            permitted = old.Bounding | old.Inheritable;
        if (isRoot && user.Euid == 0)
            isEffective = true;
        if (noNewPrivileges)
            permitted &= old.Permitted;
        var ambient = file is not null || wasChanged ? 0 : old.Ambient;
        permitted |= ambient;
        return old with { Permitted = permitted, Effective = isEffective ? permitted : ambient, Ambient = ambient, SecureBits = old.SecureBits & ~SecureBits.SECBIT_KEEP_CAPS };
    }
}
