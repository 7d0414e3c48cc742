namespace Nommu.Core.Loader.Elf;

/// <summary>Linux: <c>e_type</c> of elf(5); only the two kinds that can be executed are accepted by <see cref="ElfImage"/>.</summary>
internal enum ElfType : ushort
{
    ET_EXEC = 2,
    ET_DYN = 3,
}

/// <summary>Linux: <c>p_type</c> of elf(5).</summary>
internal enum ElfSegmentType : uint
{
    PT_NULL = 0,
    PT_LOAD = 1,
    PT_DYNAMIC = 2,
    PT_INTERP = 3,
    PT_NOTE = 4,
    PT_PHDR = 6,
    PT_TLS = 7,
    PT_GNU_EH_FRAME = 0x6474e550,
    PT_GNU_STACK = 0x6474e551,
    PT_GNU_RELRO = 0x6474e552,
    PT_GNU_PROPERTY = 0x6474e553,
}

/// <summary>Linux: <c>p_flags</c> of elf(5).</summary>
[Flags]
internal enum ElfSegmentFlags : uint
{
    PF_X = 1,
    PF_W = 2,
    PF_R = 4,
}

/// <summary>Linux: <c>d_tag</c> of elf(5), those that are asked for.</summary>
internal enum ElfDynamicTag : long
{
    DT_NULL = 0,
    DT_NEEDED = 1,
    DT_HASH = 4,
    DT_STRTAB = 5,
    DT_SYMTAB = 6,
    DT_STRSZ = 10,
    DT_SYMENT = 11,
    DT_INIT = 12,
    DT_FINI = 13,
    DT_SONAME = 14,
    DT_FLAGS = 30,
    DT_GNU_HASH = 0x6ffffef5,
    DT_FLAGS_1 = 0x6ffffffb,
}
