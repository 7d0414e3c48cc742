using System.Buffers.Binary;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct vfs_ns_cap_data</c>: what the attribute <c>security.capability</c> gives a program (capabilities(7), "File capabilities").</summary>
/// <param name="Permitted">Those it gets, unless the bounding set lacks them.</param>
/// <param name="Inheritable">Those it gets where its caller's inheritable set has them.</param>
/// <param name="IsEffective">Whether they are in force at once.</param>
internal sealed record FileCapabilities(ulong Permitted, ulong Inheritable, bool IsEffective)
{
    private const uint RevisionMask = 0xff000000, Revision2 = 0x02000000, Revision3 = 0x03000000, EffectiveFlag = 1;

    private static readonly FileName s_attribute = new(AttributeName);

    internal static ReadOnlySpan<byte> AttributeName => "security.capability"u8;

    /// <summary>Those of a file; null where it has none, or some that cannot be read.</summary>
    internal static FileCapabilities? Of(Inode inode) => inode.GetXattr(s_attribute).TryGet(out var bytes) ? Read(bytes) : null;

    /// <summary>Takes a file's away, as writing to it does and giving it to another user.</summary>
    internal static void RemoveFrom(Inode inode) => _ = inode.RemoveXattr(s_attribute);

    /// <summary>Linux: <c>cap_convert_nscap</c>: whether such a value may be set.</summary>
    internal static bool IsValid(ReadOnlySpan<byte> bytes) => bytes.Length >= sizeof(uint) && bytes.Length == LengthOf(Word(bytes, 0) & RevisionMask);

    /// <remarks>Little-endian words: revision and flag, permitted, inheritable, the higher halves of both; the third revision has a user namespace's root after them. The first is none that can be set any more.</remarks>
    private static FileCapabilities? Read(ReadOnlySpan<byte> bytes)
    {
        if (!IsValid(bytes))
            return null;
        var head = Word(bytes, 0);
        if ((head & RevisionMask) == Revision3 && Word(bytes, 5) != 0)
            return null; // for another user namespace
        var permitted = Word(bytes, 1) | ((ulong)Word(bytes, 3) << 32);
        var inheritable = Word(bytes, 2) | ((ulong)Word(bytes, 4) << 32);
        return new FileCapabilities(permitted & Processes.Capabilities.All, inheritable & Processes.Capabilities.All, (head & EffectiveFlag) != 0);
    }

    private static int LengthOf(uint revision) => revision switch { Revision2 => 20, Revision3 => 24, _ => -1 };

    private static uint Word(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[(index * sizeof(uint))..]);
}
