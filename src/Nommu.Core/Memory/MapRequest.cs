using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Memory;

/// <summary>What mmap(2) asks of an <see cref="AddressSpace"/>.</summary>
/// <param name="Address">A hint, or with MAP_FIXED the place.</param>
/// <param name="Length">In bytes, not 0.</param>
/// <param name="Protection">Protection.</param>
/// <param name="Flags">Flags.</param>
/// <param name="File">The file; null for anonymous memory.</param>
/// <param name="Offset">In the file, page aligned.</param>
internal readonly record struct MapRequest(ulong Address, ulong Length, MapProtection Protection, MapFlags Flags, FileDescription? File = null, long Offset = 0)
{
    /// <summary>The area's name in /proc/PID/maps where there is no file.</summary>
    internal string? Name { get; init; }

    /// <summary>Who is told of the pieces of the mapping of a file (shmat(2)).</summary>
    internal IMappingWatcher? Watcher { get; init; }

    /// <summary>For a piece more of a mapping that there is: what it holds on to.</summary>
    internal FileMapping? Mapping { get; init; }

    /// <summary>What the area is besides that which protection and flags say of it.</summary>
    internal VmFlags Carried { get; init; }

    internal bool IsFixed => (Flags & (MapFlags.MAP_FIXED | MapFlags.MAP_FIXED_NOREPLACE)) != 0;

    internal bool IsShared => ((int)Flags & (int)MapFlags.MAP_TYPE) is (int)MapFlags.MAP_SHARED or (int)MapFlags.MAP_SHARED_VALIDATE;
}

/// <summary>One line of /proc/PID/maps.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">First address behind it.</param>
/// <param name="Protection">Protection.</param>
/// <param name="Flags">Flags.</param>
/// <param name="Offset">In the file.</param>
/// <param name="Path">The file's place; not valid where there is none.</param>
/// <param name="Name">A name in brackets where there is no file.</param>
/// <param name="Text">What rewriting made of the segment it lies in; null for what is no program text.</param>
internal readonly record struct VmAreaInfo(ulong Start, ulong End, MapProtection Protection, VmFlags Flags, ulong Offset, FsPath Path, string? Name, TextCoverage? Text);
