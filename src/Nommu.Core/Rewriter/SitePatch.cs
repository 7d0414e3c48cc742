namespace Nommu.Core.Rewriter;

/// <summary>How a site enters the kernel, best first.</summary>
public enum SiteRung
{
    /// <summary>A jump over the 5-byte instruction before the <c>syscall</c>, whose own two bytes stay; the call returns into the text.</summary>
    DetourOverMove,

    /// <summary>A jump over the <c>syscall</c> and what follows; the call returns into the stub.</summary>
    DetourFollowing,

    /// <summary>A jump over what precedes, with or without the <c>syscall</c>; the call returns into the text.</summary>
    DetourPreceding,

    /// <summary><c>call *%rax</c> in the place of the instruction.</summary>
    Zpoline,

    /// <summary>Left as it is: the trap catches it.</summary>
    Trap,
}

/// <summary>Why a site was left to the trap.</summary>
public enum TrapReason
{
    /// <summary>It was not left.</summary>
    None,

    /// <summary>The bytes around it do not decode to one and the same sequence of instructions wherever decoding begins.</summary>
    Undecided,

    /// <summary>No five bytes around it are free of branch targets and of instructions that can't be moved.</summary>
    NoWindow,

    /// <summary>The file's tables could not be read to the end, so branch targets may be unknown.</summary>
    UnreadableTables,

    /// <summary>The instruction has a prefix, so that two bytes can't stand in its place.</summary>
    NotReplaceable,

    /// <summary>A signal's restorer in a text whose unwinder knows it by its bytes.</summary>
    SignalReturn,

    /// <summary>What would be pushed in the instruction's place could be in the way of what its function keeps below the stack pointer.</summary>
    RedZone,
}

/// <summary>One <c>syscall</c> instruction and what became of it.</summary>
/// <param name="Offset">Where the instruction begins in the text.</param>
/// <param name="Rung">How it enters the kernel.</param>
/// <param name="Reason">Why it was left to the trap, where it was.</param>
public readonly record struct RewrittenSite(int Offset, SiteRung Rung, TrapReason Reason = TrapReason.None);

/// <summary>Bytes of the text that change.</summary>
/// <param name="Offset">Where they begin in the text.</param>
/// <param name="Original">What stands there in the file.</param>
/// <param name="Replacement">What will stand there, equally long; a jump's displacement holds for stubs at <see cref="RewrittenText.NominalDistance"/> from the text.</param>
/// <param name="IsJump">True when the replacement begins with a <c>jmp rel32</c> into the stubs.</param>
public sealed record SitePatch(int Offset, ReadOnlyMemory<byte> Original, ReadOnlyMemory<byte> Replacement, bool IsJump);
