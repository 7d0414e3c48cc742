using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Memory;

/// <summary>What the host has behind the pages of an area.</summary>
internal enum VmBacking
{
    /// <summary>Nothing yet: never accessible so far.</summary>
    Reserved,

    /// <summary>Private pages of the host.</summary>
    Anonymous,

    /// <summary>A mapping of one of the host's files.</summary>
    HostFile,

    /// <summary>Pages of the kernel that every process sees, as the vDSO's.</summary>
    Borrowed,
}

/// <summary>Linux: the bits of <c>vm_flags</c> that are no protections.</summary>
[Flags]
internal enum VmFlags
{
    None = 0,
    Shared = 1,

    /// <summary>Linux: VM_ACCOUNT. Its pages are counted against the kernel's memory.</summary>
    Charged = 2,
    GrowsDown = 4,
    Locked = 8,
    NoReserve = 0x10,
    DontFork = 0x20,
    DontDump = 0x40,
    WipeOnFork = 0x80,
    Sequential = 0x100,
    Random = 0x200,

    /// <summary>The file was not opened for writing, and the area is shared: mprotect(2) can't make it writable.</summary>
    NeverWritable = 0x400,

    /// <summary>A private mapping of a file that was writable at some time, so that it may differ from the file.</summary>
    Written = 0x800,

    /// <summary>Its pages were handed out readable and writable (<see cref="Arena.AllocateUsable"/>) and can go back as such; all others would leave holes in the middle of what was reserved as a whole.</summary>
    Pooled = 0x1000,

    /// <summary>MADV_GUARD_INSTALL: some of its pages may be a fault whatever its protection says, so the kernel itself must not touch any.</summary>
    Guarded = 0x2000,
}

/// <summary>Linux: <c>struct vm_area_struct</c>. One mapping of a process, guarded by the address space's lock. Differs: says what the host has behind it.</summary>
internal sealed class VmArea
{
    internal required ulong Start { get; set; }

    internal required ulong End { get; set; }

    internal required MapProtection Protection { get; set; }

    internal VmFlags Flags { get; set; }

    internal VmBacking Backing { get; set; }

    /// <summary>The file, shared by all pieces that one mapping was cut into.</summary>
    internal FileMapping? Mapping { get; init; }

    /// <summary>Where in the file the area begins.</summary>
    internal ulong Offset { get; set; }

    /// <summary>As /proc/PID/maps shows it where there is no file: <c>[heap]</c>, <c>[stack]</c>, <c>[vdso]</c>.</summary>
    internal string? Name { get; init; }

    /// <summary>For rewritten text: the segment of the file it comes from, with a reference.</summary>
    internal TextSegment? Text { get; set; }

    /// <summary>For rewritten text: its stubs, elsewhere.</summary>
    internal TextStubs? Stubs { get; set; }

    internal FileDescription? File => Mapping?.File;

    internal ulong Length => End - Start;

    internal long Pages => (long)(Length / Arena.PageSize);

    internal bool IsShared => (Flags & VmFlags.Shared) != 0;

    internal bool IsWritable => (Protection & MapProtection.PROT_WRITE) != 0;

    /// <summary>True when the host's pages are private, readable and writable, so that clearing makes them new.</summary>
    internal bool IsRecyclable => Backing == VmBacking.Anonymous && (Flags & VmFlags.Guarded) == 0 && (Protection & AccessBits) == (MapProtection.PROT_READ | MapProtection.PROT_WRITE);

    internal const MapProtection AccessBits = MapProtection.PROT_READ | MapProtection.PROT_WRITE | MapProtection.PROT_EXEC;

    /// <summary>Cuts the area in two.</summary>
    /// <returns>The upper part, not yet in any list.</returns>
    internal VmArea SplitAt(ulong address)
    {
        var upper = new VmArea
        {
            Start = address,
            End = End,
            Protection = Protection,
            Flags = Flags,
            Backing = Backing,
            Mapping = Mapping?.Retain(),
            Offset = Offset + (address - Start),
            Name = Name,
            Text = Text?.Retain(),
            Stubs = Stubs?.Retain(),
        };
        End = address;
        return upper;
    }

    /// <summary>Linux: <c>can_vma_merge</c>.</summary>
    internal bool JoinsWith(VmArea next) =>
        End == next.Start && Protection == next.Protection && ((Flags ^ next.Flags) & ~(VmFlags.Pooled | VmFlags.Guarded)) == 0 && Backing == next.Backing && Name == next.Name && Stubs == next.Stubs && Text == next.Text
        && Mapping == next.Mapping && (Mapping is null || Offset + Length == next.Offset);

    /// <summary>The area is gone: lets go of what it refers to.</summary>
    internal void Drop()
    {
        Mapping?.Release();
        Stubs?.Release();
        Text?.Release();
    }
}
