using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: the capability sets of <c>struct cred</c> (capabilities(7)), a bit for each <see cref="Capability"/>. Never changed: a change makes new ones.</summary>
internal sealed record Capabilities
{
    /// <summary>All there are.</summary>
    internal const ulong All = (1UL << ((int)Capability.CAP_CHECKPOINT_RESTORE + 1)) - 1;

    /// <summary>Linux: CAP_FS_SET, which follows the user id that file accesses are judged by.</summary>
    internal const ulong OfFiles = (1UL << (int)Capability.CAP_CHOWN) | (1UL << (int)Capability.CAP_DAC_OVERRIDE) | (1UL << (int)Capability.CAP_DAC_READ_SEARCH) | (1UL << (int)Capability.CAP_FOWNER)
        | (1UL << (int)Capability.CAP_FSETID) | (1UL << (int)Capability.CAP_LINUX_IMMUTABLE) | (1UL << (int)Capability.CAP_MKNOD) | (1UL << (int)Capability.CAP_MAC_OVERRIDE);

    private static readonly Capabilities s_none = new();
    private static readonly Capabilities s_root = new() { Permitted = All, Effective = All };
    private static readonly Capabilities s_rootButFiles = new() { Permitted = All, Effective = All & ~OfFiles };
    private static readonly Capabilities s_dormant = new() { Permitted = All };
    private static readonly Capabilities s_onlyFiles = new() { Permitted = All, Effective = OfFiles };

    /// <summary>Those that may be put in force.</summary>
    internal ulong Permitted { get; init; }

    /// <summary>Those in force.</summary>
    internal ulong Effective { get; init; }

    /// <summary>Those kept by execve(2) where the file has them, too.</summary>
    internal ulong Inheritable { get; init; }

    /// <summary>Those that execve(2) may give.</summary>
    internal ulong Bounding { get; init; } = All;

    /// <summary>Those kept by execve(2) of a file without any of its own.</summary>
    internal ulong Ambient { get; init; }

    /// <summary>What user id 0 means, and what of that may not be changed any more.</summary>
    internal SecureBits SecureBits { get; init; }

    internal bool Has(SecureBits bit) => (SecureBits & bit) != 0;

    internal static bool IsValid(ulong capability) => capability <= (ulong)Capability.CAP_CHECKPOINT_RESTORE;

    /// <summary>What who began as root has as that user.</summary>
    internal static Capabilities Of(Credentials user)
    {
        if (user.Euid == 0)
            return user.Fsuid == 0 ? s_root : s_rootButFiles;
        if (user.Uid != 0 && user.Suid != 0)
            return s_none;
        return user.Fsuid == 0 ? s_onlyFiles : s_dormant;
    }

    /// <summary>Linux: <c>cap_capset</c>.</summary>
    /// <param name="effective">Within <paramref name="permitted"/>.</param>
    /// <param name="permitted">Within those there are.</param>
    /// <param name="inheritable">New ones come from the bounding set, and from the permitted.</param>
    /// <param name="mayInherit">CAP_SETPCAP: not only from the permitted.</param>
    /// <returns>Null for what is not allowed.</returns>
    internal Capabilities? With(ulong effective, ulong permitted, ulong inheritable, bool mayInherit)
    {
        if ((!mayInherit && (inheritable & ~(Inheritable | Permitted)) != 0) || (inheritable & ~(Inheritable | Bounding)) != 0)
            return null;
        if ((permitted & ~Permitted) != 0 || (effective & ~permitted) != 0)
            return null;
        return this with { Effective = effective, Permitted = permitted, Inheritable = inheritable, Ambient = Ambient & permitted & inheritable };
    }

    /// <summary>Linux: <c>cap_task_fix_setuid</c>: after setuid(2), setreuid(2) and setresuid(2) (capabilities(7), "Effect of user ID changes on capabilities").</summary>
    internal Capabilities AfterChange(Credentials old, Credentials changed)
    {
        if (Has(SecureBits.SECBIT_NO_SETUID_FIXUP))
            return this;
        var result = this;
        if ((old.Uid == 0 || old.Euid == 0 || old.Suid == 0) && changed.Uid != 0 && changed.Euid != 0 && changed.Suid != 0)
        {
            result = result with { Ambient = 0 };
            if (!Has(SecureBits.SECBIT_KEEP_CAPS))
                result = result with { Permitted = 0, Effective = 0 };
        }
        if (old.Euid == 0 && changed.Euid != 0)
            return result with { Effective = 0 };
        return old.Euid != 0 && changed.Euid == 0 ? result with { Effective = result.Permitted } : result;
    }

    /// <summary>The same after setfsuid(2).</summary>
    internal Capabilities AfterFileUserChange(uint old, uint changed)
    {
        if (Has(SecureBits.SECBIT_NO_SETUID_FIXUP) || (old == 0) == (changed == 0))
            return this;
        return this with { Effective = changed == 0 ? Effective | (Permitted & OfFiles) : Effective & ~OfFiles };
    }

    /// <summary>For access(2), which asks by the real user.</summary>
    internal Capabilities OfRealUser(uint uid) => Has(SecureBits.SECBIT_NO_SETUID_FIXUP) ? this : this with { Effective = uid == 0 ? Permitted : 0 };
}
