namespace Nommu.Core.Loader.Elf;

/// <summary>Linux: <c>Elf64_Phdr</c> (elf(5)), without the physical address, which nothing uses.</summary>
internal readonly record struct ElfProgramHeader(
    ElfSegmentType Type, ElfSegmentFlags Flags, ulong Offset, ulong VirtualAddress, ulong FileSize, ulong MemorySize, ulong Alignment)
{
    internal bool IsExecutable => (Flags & ElfSegmentFlags.PF_X) != 0;

    internal bool IsWritable => (Flags & ElfSegmentFlags.PF_W) != 0;

    /// <summary>The first address past the part that comes from the file.</summary>
    internal ulong FileEnd => VirtualAddress + FileSize;

    /// <summary>The first address past the segment in memory.</summary>
    internal ulong MemoryEnd => VirtualAddress + MemorySize;
}

/// <summary>Linux: <c>Elf64_Dyn</c> (elf(5)).</summary>
internal readonly record struct ElfDynamicEntry(ElfDynamicTag Tag, ulong Value);

/// <summary>Linux: <c>Elf64_Nhdr</c> with its name and descriptor (elf(5)).</summary>
internal readonly record struct ElfNote(string Name, uint Type, ReadOnlyMemory<byte> Descriptor);
