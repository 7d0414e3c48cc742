using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct sigcontext</c> of x86-64 (asm/sigcontext.h), 256 bytes: the registers as a handler sees and may change them.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct Sigcontext
{
    internal ulong R8, R9, R10, R11, R12, R13, R14, R15, Rdi, Rsi, Rbp, Rbx, Rdx, Rax, Rcx, Rsp, Rip, Rflags;
    internal ushort Cs, Gs, Fs, Ss;
    internal ulong ErrorCode, TrapNumber, OldMask, Cr2, FpState;
}

/// <summary>Linux: <c>struct ucontext</c> of x86-64 (asm-generic/ucontext.h), 304 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Ucontext
{
    internal const ulong UC_FP_XSTATE = 1, UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4;

    internal ulong Flags;
    internal ulong Link;
    internal StackT Stack;
    internal Sigcontext Context;
    internal SigSet Mask;
}

/// <summary>Linux: <c>struct rt_sigframe</c> of x86-64 (asm/sigframe.h), 440 bytes: what lies at rsp when a handler starts.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RtSigframe
{
    internal ulong Restorer;
    internal Ucontext Ucontext;
    internal Siginfo Info;
}

/// <summary>Linux: <c>struct _fpx_sw_bytes</c> (asm/sigcontext.h), at offset 464 of the floating-point image in a frame: tells that and how far it goes on behind the 512 bytes of FXSAVE.</summary>
[StructLayout(LayoutKind.Sequential, Size = 48)]
internal struct FpxSwBytes
{
    internal const int Offset = 464;
    internal const uint FP_XSTATE_MAGIC1 = 0x46505853, FP_XSTATE_MAGIC2 = 0x46505845;

    internal uint Magic1;
    internal uint ExtendedSize;
    internal ulong Features;
    internal uint XStateSize;
}
