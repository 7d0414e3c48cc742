using System.Buffers.Binary;

namespace Nommu.Core.Rewriter;

/// <summary>The <c>mov $15, %rax; syscall</c> that a handler returns to (sa_restorer), where an unwinder may look for these very bytes.</summary>
/// <remarks>
/// Unwinders know a signal's frame by the unwind tables of the restorer, as glibc has them, or else by its code: libgcc and others compare the nine bytes at the return address with a constant.
/// So restorers stay as they are, and trap, in a text that holds that constant, and in a C library that other files use, which may hold it, unless it has such tables.
/// </remarks>
internal sealed class SignalReturnSites(ExecutableText text)
{
    private const int BeforeSyscall = 7;
    private const int MoveLength = 2;

    /// <summary>How far before the restorer its entry in the unwind tables may begin: unwinders look one byte before the return address, so it has one that begins there.</summary>
    private const ulong TableSlack = 16;

    /// <summary>mov $15, %rax; syscall.</summary>
    private static readonly byte[] Restorer = [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];

    private bool? _areLookedAt;

    /// <summary>Whether a site has to stay as it is.</summary>
    internal bool Keeps(int site) =>
        site >= BeforeSyscall && text.Bytes.Span[(site - BeforeSyscall)..].StartsWith(Restorer)
        && ((_areLookedAt ??= TextParts.Select(text.Bytes.Length, HoldsConstant).Contains(true)) || IsUsedByOthers(site - BeforeSyscall));

    private bool IsUsedByOthers(int restorer)
    {
        if (text.Image is not { } image || image.FindSymbol("sigaction"u8) == 0)
            return false;
        var address = text.Address + (ulong)restorer;
        return !text.Functions.Exists(function => function.Address <= address && address - function.Address <= TableSlack);
    }

    private bool HoldsConstant(int start, int end)
    {
        var constant = Restorer.AsSpan(1);
        var part = text.Bytes.Span[start..Math.Min(text.Bytes.Length, end + MoveLength + constant.Length - 1)];
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
