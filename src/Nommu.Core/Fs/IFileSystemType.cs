using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct file_system_type</c>. Registered with the kernel's services; the last registration of a name wins.</summary>
public interface IFileSystemType
{
    /// <summary>What mount(2) and /proc/filesystems call it.</summary>
    string Name { get; }

    /// <summary>The magic number that statfs(2) shows.</summary>
    long Magic { get; }

    /// <summary>True when mount(2)'s source is a block device; else /proc/filesystems says nodev.</summary>
    bool NeedsDevice => false;

    /// <summary>Makes an instance, or finds the one that exists.</summary>
    /// <param name="request">Source, flags, options.</param>
    /// <returns>EINVAL for options that are not understood, EBUSY, ENODEV and what else mount(2) lists.</returns>
    Result<SuperBlock> Mount(in MountRequest request);
}

/// <summary>What mount(2) asks a file system type for.</summary>
/// <param name="Source">The device or whatever the caller wrote there.</param>
/// <param name="Flags">Mount flags.</param>
/// <param name="Options">mount(2)'s data, most often comma separated text.</param>
/// <param name="Device">A free device number, for file systems without a device of their own.</param>
/// <param name="Clock">The kernel's clock.</param>
public readonly ref struct MountRequest(string Source, MountFlags Flags, ReadOnlySpan<byte> Options, DeviceNumber Device, TimeProvider Clock)
{
    /// <summary>The device or whatever the caller wrote there.</summary>
    public string Source { get; } = Source;

    /// <summary>Mount flags.</summary>
    public MountFlags Flags { get; } = Flags;

    /// <summary>mount(2)'s data, most often comma separated text.</summary>
    public ReadOnlySpan<byte> Options { get; } = Options;

    /// <summary>A free device number.</summary>
    public DeviceNumber Device { get; } = Device;

    /// <summary>The kernel's clock.</summary>
    public TimeProvider Clock { get; } = Clock;

    /// <summary>Who mounts, for options that name places; null where the kernel itself does.</summary>
    internal FsCaller? Caller { get; init; }
}
