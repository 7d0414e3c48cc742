using System.Runtime.InteropServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Loader;

/// <summary>The auxiliary vector (getauxval(3)) while it is put together.</summary>
internal sealed class AuxiliaryVector
{
    private const int Most = 64;

    private readonly ulong[] _words = new ulong[Most];

    /// <summary>How many words, AT_NULL included.</summary>
    internal int Length { get; private set; } = 2;

    /// <summary>Pairs of type and value, the last of them AT_NULL.</summary>
    internal ReadOnlySpan<ulong> Words => _words.AsSpan(0, Length);

    internal byte[] ToBytes() => MemoryMarshal.AsBytes(Words).ToArray();

    internal void Add(AuxiliaryVectorType type, ulong value)
    {
        (_words[Length - 2], _words[Length - 1]) = ((ulong)type, value);
        Length += 2;
    }
}
