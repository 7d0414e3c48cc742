using System.Globalization;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Reads one kernel parameter.</summary>
internal delegate void SysctlShow(ProcfsSuperBlock fileSystem, SeqText text);

/// <summary>Sets one kernel parameter.</summary>
internal delegate Errno SysctlStore(ProcfsSuperBlock fileSystem, ReadOnlySpan<byte> text);

/// <summary>Linux: <c>struct ctl_table</c>. One file below /proc/sys. Only root writes, and what has no write bit not even root (<c>sysctl_perm</c>).</summary>
internal class SysctlFile(ProcfsSuperBlock fileSystem, ulong ino, SysctlShow show, SysctlStore? store)
    : SeqInode(fileSystem, ino, store is null ? (InodeMode)0x124 : (InodeMode)0x1A4)
{
    protected Machine Machine => fileSystem.Machine;

    /// <inheritdoc/>
    public override Errno CheckPermission(Credentials credentials, AccessMask wanted)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        var mode = (uint)Mode;
        var granted = credentials.Euid == 0 ? mode >> 6 : credentials.Egid == 0 || credentials.InGroup(0) ? mode >> 3 : mode;
        return ((uint)wanted & ~granted & 7) == 0 ? Errno.None : Errno.EACCES;
    }

    /// <inheritdoc/>
    internal override Errno Show(SeqText text, GuestThread? opener)
    {
        show(fileSystem, text);
        return Errno.None;
    }

    /// <summary>Linux: with sysctl_writes_strict, what is not written at the beginning is passed over in silence.</summary>
    internal override Errno Store(ReadOnlySpan<byte> text, long position, GuestThread? opener) =>
        store is null ? Errno.EINVAL : position != 0 ? Errno.None : store(fileSystem, text);
}

/// <summary>Linux: <c>proc_get_long</c>: how a number is written to a file.</summary>
internal static class SysctlNumber
{
    internal static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        var end = text.IndexOf((byte)0);
        var trimmed = (end < 0 ? text : text[..end]).Trim(" \t\n\v\f\r"u8);
        return long.TryParse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && trimmed[0] != '+';
    }
}
