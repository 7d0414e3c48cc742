using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct qstr</c>. One component of a path: any bytes but slash and NUL, with their hash. Text is UTF-8 by convention only.</summary>
public readonly struct FileName : IEquatable<FileName>
{
    /// <summary>Linux: NAME_MAX.</summary>
    public const int MaximumLength = 255;

    private readonly byte[]? _bytes;

    /// <summary>Takes a copy of the bytes.</summary>
    /// <param name="bytes">The name.</param>
    public FileName(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes.ToArray();
        Hash = HashOf(bytes);
    }

    /// <summary>A name given as text.</summary>
    /// <param name="text">Encoded as UTF-8.</param>
    public FileName(string text) : this((ReadOnlySpan<byte>)Encoding.UTF8.GetBytes(text))
    {
    }

    /// <summary>The name's bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    internal uint Hash { get; }

    /// <summary>A name given as text.</summary>
    /// <param name="text">Encoded as UTF-8.</param>
    public static implicit operator FileName(string text) => new(text);

    /// <inheritdoc/>
    public bool Equals(FileName other) => Hash == other.Hash && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is FileName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Hash;

    /// <summary>The name as text; what is not UTF-8 shows as replacement characters.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);

    /// <summary>Same bytes.</summary>
    public static bool operator ==(FileName left, FileName right) => left.Equals(right);

    /// <summary>Other bytes.</summary>
    public static bool operator !=(FileName left, FileName right) => !left.Equals(right);

    /// <summary>FNV-1a taken eight bytes at a time, with a final mix: names are short, and the table it indexes takes the low bits.</summary>
    internal static uint HashOf(ReadOnlySpan<byte> bytes)
    {
        var hash = 0xcbf29ce484222325UL ^ (uint)bytes.Length;
        while (bytes.Length >= 8)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(bytes)) * 0x9E3779B97F4A7C15UL;
            hash ^= hash >> 32;
            bytes = bytes[8..];
        }
        foreach (var value in bytes)
            hash = (hash ^ value) * 0x100000001b3UL;
        return (uint)(hash ^ (hash >> 29));
    }
}
