using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct iattr</c>. Which attributes of an inode change; null leaves one alone.</summary>
public readonly struct AttributeChange
{
    /// <summary>Permission bits; the type never changes.</summary>
    public InodeMode? Mode { get; init; }

    /// <summary>Owner.</summary>
    public uint? Uid { get; init; }

    /// <summary>Group.</summary>
    public uint? Gid { get; init; }

    /// <summary>Last read.</summary>
    public Timespec? AccessTime { get; init; }

    /// <summary>Last change of the content.</summary>
    public Timespec? ModifyTime { get; init; }

    /// <summary>The present: every change is one of the attributes.</summary>
    public required Timespec ChangeTime { get; init; }
}
