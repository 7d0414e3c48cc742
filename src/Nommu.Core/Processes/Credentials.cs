using System.Collections.Immutable;
using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct cred</c>. Never changed: a change makes a new one.</summary>
public sealed record Credentials
{
    /// <summary>What the kernel itself and init act as.</summary>
    public static Credentials Root { get; } = new();

    /// <summary>Real user id.</summary>
    public uint Uid { get; init; }

    /// <summary>Effective user id.</summary>
    public uint Euid { get; init; }

    /// <summary>Saved user id.</summary>
    public uint Suid { get; init; }

    /// <summary>The user id that file accesses are judged by.</summary>
    public uint Fsuid { get; init; }

    /// <summary>Real group id.</summary>
    public uint Gid { get; init; }

    /// <summary>Effective group id.</summary>
    public uint Egid { get; init; }

    /// <summary>Saved group id.</summary>
    public uint Sgid { get; init; }

    /// <summary>The group id that file accesses are judged by.</summary>
    public uint Fsgid { get; init; }

    /// <summary>Supplementary groups.</summary>
    public ImmutableArray<uint> Groups { get; init; } = [];

    /// <summary>Its capabilities (capabilities(7)); where none have been said, those of who began as root and became that user.</summary>
    internal Capabilities Capabilities { get => field ?? Capabilities.Of(this); init; }

    /// <summary>True for who administers the machine: CAP_SYS_ADMIN of capabilities(7).</summary>
    public bool IsPrivileged => Has(Capability.CAP_SYS_ADMIN);

    /// <summary>True for who overrides file permissions: CAP_DAC_OVERRIDE of capabilities(7).</summary>
    public bool IsFilePrivileged => Has(Capability.CAP_DAC_OVERRIDE);

    /// <summary>Linux: <c>capable</c>: true where it is in force.</summary>
    internal bool Has(Capability capability) => (Capabilities.Effective >> (int)capability & 1) != 0;

    /// <summary>Linux: <c>in_group_p</c>.</summary>
    /// <param name="group">A group id.</param>
    /// <returns>True when files of that group are judged by their group bits.</returns>
    public bool InGroup(uint group) => Fsgid == group || Groups.Contains(group);

    /// <summary>True where who had the old rights may not look at what has these: another user or group, or more capabilities.</summary>
    internal bool IsOtherUserThan(Credentials old) =>
        Euid != old.Euid || Egid != old.Egid || Fsuid != old.Fsuid || Fsgid != old.Fsgid || (Capabilities.Permitted & ~old.Capabilities.Permitted) != 0;

    /// <summary>For access(2): the same, with the real ids in place of those for files.</summary>
    /// <returns>Credentials for one check.</returns>
    internal Credentials AsReal() => Uid == Fsuid && Uid == Euid && Gid == Fsgid ? this : this with { Fsuid = Uid, Fsgid = Gid, Capabilities = Capabilities.OfRealUser(Uid) };
}
