using System.Collections.Immutable;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct cred</c>. Differs: capabilities follow from the user id alone (effective id 0 has all of them, everyone else none). Never changed: a change makes a new one.</summary>
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

    /// <summary>True for who may do what capabilities(7) lists, except where it concerns files.</summary>
    public bool IsPrivileged => Euid == 0;

    /// <summary>True for who overrides file permissions: the CAP_DAC, CAP_FOWNER, CAP_CHOWN and CAP_MKNOD family.</summary>
    public bool IsFilePrivileged => Fsuid == 0;

    /// <summary>Linux: <c>in_group_p</c>.</summary>
    /// <param name="group">A group id.</param>
    /// <returns>True when files of that group are judged by their group bits.</returns>
    public bool InGroup(uint group) => Fsgid == group || Groups.Contains(group);

    /// <summary>For access(2): the same, with the real ids in place of those for files.</summary>
    /// <returns>Credentials for one check.</returns>
    internal Credentials AsReal() => Uid == Fsuid && Gid == Fsgid ? this : this with { Fsuid = Uid, Fsgid = Gid };
}
