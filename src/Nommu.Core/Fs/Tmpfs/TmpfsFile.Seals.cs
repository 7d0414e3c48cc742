using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Linux: <c>F_SEAL_*</c> of memfd_create(2): what a file may not do any more.</summary>
[Flags]
internal enum MemfdSeals
{
    None = 0,
    F_SEAL_SEAL = 1,
    F_SEAL_SHRINK = 2,
    F_SEAL_GROW = 4,
    F_SEAL_WRITE = 8,
    F_SEAL_FUTURE_WRITE = 16,
    F_SEAL_EXEC = 32,
}

internal sealed partial class TmpfsFile
{
    /// <summary>Only a file of memfd_create(2) that allows it begins without the seal on seals.</summary>
    private MemfdSeals _seals = MemfdSeals.F_SEAL_SEAL;

    /// <summary>F_GET_SEALS.</summary>
    internal MemfdSeals Seals
    {
        get
        {
            lock (_content)
                return _seals;
        }
    }

    internal void AllowSealing() => _seals = MemfdSeals.None;

    /// <summary>MFD_NOEXEC_SEAL: it is not executable and never will be.</summary>
    internal void SealNotExecutable()
    {
        Mode &= ~Executable;
        _seals = MemfdSeals.F_SEAL_EXEC;
    }

    /// <inheritdoc/>
    public override Errno SetAttributes(in AttributeChange change)
    {
        if (change.Mode is { } mode && ((mode ^ Mode) & Executable) != 0 && (Seals & MemfdSeals.F_SEAL_EXEC) != 0)
            return Errno.EPERM;
        return base.SetAttributes(change);
    }

    private const InodeMode Executable = InodeMode.S_IXUSR | InodeMode.S_IXGRP | InodeMode.S_IXOTH;

    /// <summary>F_ADD_SEALS.</summary>
    internal Errno AddSeals(MemfdSeals seals)
    {
        const MemfdSeals known = MemfdSeals.F_SEAL_SEAL | MemfdSeals.F_SEAL_SHRINK | MemfdSeals.F_SEAL_GROW | MemfdSeals.F_SEAL_WRITE | MemfdSeals.F_SEAL_FUTURE_WRITE | MemfdSeals.F_SEAL_EXEC;
        if ((seals & ~known) != 0)
            return Errno.EINVAL;
        lock (_content)
        {
            if ((_seals & MemfdSeals.F_SEAL_SEAL) != 0)
                return Errno.EPERM;
            if ((seals & MemfdSeals.F_SEAL_WRITE) != 0 && _writableMappings > 0)
                return Errno.EBUSY;
            // Linux 6.3: what is sealed as executable is sealed as it is, or it would not be what was sealed.
            if ((seals & MemfdSeals.F_SEAL_EXEC) != 0 && (Mode & Executable) != 0)
                seals |= MemfdSeals.F_SEAL_SHRINK | MemfdSeals.F_SEAL_GROW | MemfdSeals.F_SEAL_WRITE | MemfdSeals.F_SEAL_FUTURE_WRITE;
            _seals |= seals;
            return Errno.None;
        }
    }

    private Errno CheckSeals(bool grows, bool isWrite)
    {
        if (_seals is MemfdSeals.None or MemfdSeals.F_SEAL_SEAL)
            return Errno.None;
        var forbidden = MemfdSeals.None;
        if (isWrite)
            forbidden |= MemfdSeals.F_SEAL_WRITE | MemfdSeals.F_SEAL_FUTURE_WRITE;
        if (grows)
            forbidden |= MemfdSeals.F_SEAL_GROW;
        else if (!isWrite)
            forbidden |= MemfdSeals.F_SEAL_SHRINK;
        return (_seals & forbidden) != 0 ? Errno.EPERM : Errno.None;
    }
}
