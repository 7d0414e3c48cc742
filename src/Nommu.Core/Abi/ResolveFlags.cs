namespace Nommu.Core.Abi;

/// <summary>Linux: <c>resolve</c> of openat2(2).</summary>
[Flags]
internal enum ResolveFlags : ulong
{
    None = 0,
    RESOLVE_NO_XDEV = 1,
    RESOLVE_NO_MAGICLINKS = 2,
    RESOLVE_NO_SYMLINKS = 4,
    RESOLVE_BENEATH = 8,
    RESOLVE_IN_ROOT = 0x10,
    RESOLVE_CACHED = 0x20,
}
