using System.Runtime.CompilerServices;

namespace Nommu.Core.Memory;

/// <summary>Linux: <c>union futex_key</c>: which futex a word of memory is. A word of a shared mapping is the file's wherever it is mapped; any other is the memory's of those who share that.</summary>
/// <param name="Owner">An address space, or an inode.</param>
/// <param name="Offset">An address, or a place in the file. Futexes are aligned, so the low bits are free for <see cref="SharedBit"/>.</param>
internal readonly record struct FutexKey(object Owner, ulong Offset)
{
    /// <summary>Linux: FUT_OFF_MMSHARED. A futex that was not said to be private, in memory that is: another one than the private futex at that address.</summary>
    internal const ulong SharedBit = 2;

    /// <summary>Of those bits that differ between neighbours, so that any power of two of them can be taken from the top.</summary>
    internal uint Hash => (uint)((Offset >> 2) * 0x9E3779B97F4A7C15 >> 32);

    /// <summary>The same futex.</summary>
    public bool Equals(FutexKey other) => Offset == other.Offset && ReferenceEquals(Owner, other.Owner);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Offset, RuntimeHelpers.GetHashCode(Owner));
}
