using System.Buffers.Binary;

namespace Nommu.Core.Rewriter;

/// <summary>The <c>mov $15, %rax; syscall</c> that a handler returns to (sa_restorer), where an unwinder of the same text looks for these very bytes.</summary>
/// <remarks>
/// Unwinders know a signal's frame by the unwind tables of the restorer, as glibc has them, or else by its code: libgcc and others compare the nine bytes at the return address with a constant.
/// So a text that holds that constant keeps its restorers as they are: they trap. A C library without such tables in one file and an unwinder in another (musl and libgcc_s.so) are not found out: the library is rewritten before the other file comes.
/// </remarks>
internal sealed class SignalReturnSites(ReadOnlyMemory<byte> text)
{
    private const int BeforeSyscall = 7;
    private const int MoveLength = 2;

    /// <summary>mov $15, %rax; syscall.</summary>
    private static readonly byte[] Restorer = [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];

    private bool? _areLookedAt;

    /// <summary>Whether a site has to stay as it is.</summary>
    internal bool Keeps(int site) =>
        site >= BeforeSyscall && text.Span[(site - BeforeSyscall)..].StartsWith(Restorer) && (_areLookedAt ??= TextParts.Select(text.Length, HoldsConstant).Contains(true));

    private bool HoldsConstant(int start, int end)
    {
        var constant = Restorer.AsSpan(1);
        var part = text.Span[start..Math.Min(text.Length, end + MoveLength + constant.Length - 1)];
        for (var at = 0; part[at..].IndexOf(constant) is >= 0 and var next; at += next + 1)
        {
            if (at + next >= MoveLength && IsMoveOfAConstant(BinaryPrimitives.ReadUInt16LittleEndian(part[(at + next - MoveLength)..])))
                return true;
        }
        return false;
    }

    /// <summary>movabs $imm64, %r64: REX.W, perhaps with B, and b8 to bf (Intel SDM vol. 2, MOV).</summary>
    private static bool IsMoveOfAConstant(ushort bytes) => (bytes & 0xf8fe) == 0xb848;
}
