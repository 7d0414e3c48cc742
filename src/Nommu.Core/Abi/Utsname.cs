using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Nommu.Core.Abi;

/// <summary>One field of <c>struct new_utsname</c>: up to 64 bytes and a zero.</summary>
[InlineArray(Size)]
internal struct UtsnameField
{
    /// <summary>Linux: <c>__NEW_UTS_LEN</c> and the zero.</summary>
    internal const int Size = 65;

    private byte _first;

    /// <summary>What does not fit is cut off.</summary>
    internal static UtsnameField From(string text)
    {
        var field = default(UtsnameField);
        Encoding.UTF8.GetEncoder().Convert(text, ((Span<byte>)field)[..(Size - 1)], true, out _, out _, out _);
        return field;
    }

    internal readonly ReadOnlySpan<byte> Text
    {
        [UnscopedRef]
        get
        {
            ReadOnlySpan<byte> all = this;
            var end = all.IndexOf((byte)0);
            return end < 0 ? all : all[..end];
        }
    }
}

/// <summary>Linux: <c>struct new_utsname</c>, 390 bytes (uname(2)).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Utsname
{
    internal UtsnameField SystemName;
    internal UtsnameField NodeName;
    internal UtsnameField Release;
    internal UtsnameField Version;
    internal UtsnameField Machine;
    internal UtsnameField DomainName;
}
