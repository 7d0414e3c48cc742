namespace Nommu.Core.Abi;

/// <summary>Linux: securebits.h (capabilities(7), "The securebits flags"). A flag that is locked stays as it is.</summary>
[Flags]
internal enum SecureBits
{
    None = 0,
    SECBIT_NOROOT = 1 << 0,
    SECBIT_NOROOT_LOCKED = 1 << 1,
    SECBIT_NO_SETUID_FIXUP = 1 << 2,
    SECBIT_NO_SETUID_FIXUP_LOCKED = 1 << 3,
    SECBIT_KEEP_CAPS = 1 << 4,
    SECBIT_KEEP_CAPS_LOCKED = 1 << 5,
    SECBIT_NO_CAP_AMBIENT_RAISE = 1 << 6,
    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED = 1 << 7,

    /// <summary>All flags.</summary>
    All = SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS | SECBIT_NO_CAP_AMBIENT_RAISE,

    /// <summary>All locks, each one bit above its flag.</summary>
    AllLocks = SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
}
