using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct stat</c> of x86-64 (144 bytes).</summary>
[StructLayout(LayoutKind.Sequential, Size = 144)]
internal struct Stat
{
    internal ulong Dev;
    internal ulong Ino;
    internal ulong Nlink;
    internal uint Mode;
    internal uint Uid;
    internal uint Gid;
    private readonly uint _padding;
    internal ulong Rdev;
    internal long Size;
    internal long BlockSize;
    internal long Blocks;
    internal Timespec AccessTime;
    internal Timespec ModifyTime;
    internal Timespec ChangeTime;
}

/// <summary>Linux: <c>struct statx_timestamp</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct StatxTimestamp(Timespec time)
{
    internal long Seconds = time.Seconds;
    internal uint Nanoseconds = (uint)time.Nanoseconds;
}

/// <summary>Linux: <c>struct statx</c> (256 bytes).</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct Statx
{
    internal const uint STATX_BASIC_STATS = 0x7ff;
    internal const uint STATX_BTIME = 0x800;
    internal const uint STATX_MNT_ID = 0x1000;

    internal uint Mask;
    internal uint BlockSize;
    internal ulong Attributes;
    internal uint Nlink;
    internal uint Uid;
    internal uint Gid;
    internal ushort Mode;
    private readonly ushort _padding;
    internal ulong Ino;
    internal ulong Size;
    internal ulong Blocks;
    internal ulong AttributesMask;
    internal StatxTimestamp AccessTime;
    internal StatxTimestamp BirthTime;
    internal StatxTimestamp ChangeTime;
    internal StatxTimestamp ModifyTime;
    internal uint RdevMajor;
    internal uint RdevMinor;
    internal uint DevMajor;
    internal uint DevMinor;
    internal ulong MountId;
}
