namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of memfd_create(2).</summary>
[Flags]
internal enum MemfdFlags : uint
{
    None = 0,
    MFD_CLOEXEC = 1,
    MFD_ALLOW_SEALING = 2,
    MFD_HUGETLB = 4,
    MFD_NOEXEC_SEAL = 8,
    MFD_EXEC = 0x10,
}
