using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>siginfo_t</c> of x86-64, 128 bytes with a union at offset 16 (sigaction(2)).</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct Siginfo
{
    /// <summary>Linux: the size of <c>kernel_siginfo_t</c>; what comes after it is always clear.</summary>
    internal const int KeptSize = 48;

    [FieldOffset(0)] internal int Signo;
    [FieldOffset(4)] internal int Errno;
    [FieldOffset(8)] internal int Code;

    /// <summary>kill, sigqueue, SIGCHLD: the sender or child.</summary>
    [FieldOffset(16)] internal int Pid;
    [FieldOffset(20)] internal uint Uid;

    /// <summary>SIGCHLD: the exit code or signal.</summary>
    [FieldOffset(24)] internal int Status;
    [FieldOffset(32)] internal long UserTime;
    [FieldOffset(40)] internal long SystemTime;

    /// <summary>sigqueue and timers: the value that came along.</summary>
    [FieldOffset(24)] internal ulong Value;

    /// <summary>Timers.</summary>
    [FieldOffset(16)] internal int TimerId;
    [FieldOffset(20)] internal int Overrun;

    /// <summary>Faults.</summary>
    [FieldOffset(16)] internal ulong Address;

    /// <summary>SIGIO.</summary>
    [FieldOffset(16)] internal long Band;
    [FieldOffset(24)] internal int Fd;

    /// <summary>SIGSYS.</summary>
    [FieldOffset(24)] internal int Syscall;
    [FieldOffset(28)] internal uint Architecture;

    internal readonly Signal Signal => (Signal)Signo;

    /// <summary>Linux: <c>siginfo_layout</c>. Codes of the kernel's own mean what the signal says; all others say it themselves.</summary>
    internal readonly SiginfoLayout Layout => Code switch
    {
        SigCode.SI_TIMER => SiginfoLayout.SIL_TIMER,
        SigCode.SI_SIGIO => SiginfoLayout.SIL_POLL,
        < 0 => SiginfoLayout.SIL_RT,
        > SigCode.SI_USER and < SigCode.SI_KERNEL => LayoutOfSignal,
        _ => SiginfoLayout.SIL_KILL,
    };

    /// <summary>Linux: <c>known_siginfo_layout</c>.</summary>
    internal readonly bool IsKnownLayout => Code switch
    {
        SigCode.SI_KERNEL or SigCode.SI_ASYNCNL or (>= SigCode.SI_DETHREAD and <= SigCode.SI_USER) => true,
        > SigCode.SI_USER => Code <= SigCode.LastOf(Signal),
        _ => false,
    };

    private readonly SiginfoLayout LayoutOfSignal => Signal switch
    {
        Signal.SIGILL or Signal.SIGFPE or Signal.SIGSEGV or Signal.SIGBUS or Signal.SIGTRAP when Code <= SigCode.LastOf(Signal) => SiginfoLayout.SIL_FAULT,
        Signal.SIGCHLD when Code <= SigCode.LastOf(Signal) => SiginfoLayout.SIL_CHLD,
        Signal.SIGSYS when Code <= SigCode.LastOf(Signal) => SiginfoLayout.SIL_SYS,
        _ when Code <= SigCode.LastOfSigpoll => SiginfoLayout.SIL_POLL,
        _ => SiginfoLayout.SIL_KILL,
    };

    /// <summary>Sent by the kernel itself, with nothing more to say.</summary>
    internal static Siginfo FromKernel(Signal signal) => new() { Signo = (int)signal, Code = SigCode.SI_KERNEL };

    /// <summary>Sent by kill(2) and its kin.</summary>
    internal static Siginfo FromUser(Signal signal, int code, int pid, uint uid) => new() { Signo = (int)signal, Code = code, Pid = pid, Uid = uid };
}

/// <summary>Linux: the values of <c>si_code</c> (sigaction(2)). Those above zero come from the kernel alone.</summary>
internal static class SigCode
{
    internal const int SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TIMER = -2, SI_MESGQ = -3, SI_ASYNCIO = -4, SI_SIGIO = -5, SI_TKILL = -6, SI_DETHREAD = -7, SI_ASYNCNL = -60;
    internal const int SEGV_MAPERR = 1, SEGV_ACCERR = 2;
    internal const int CLD_EXITED = 1, CLD_KILLED = 2, CLD_DUMPED = 3, CLD_TRAPPED = 4, CLD_STOPPED = 5, CLD_CONTINUED = 6;

    /// <summary>Linux: <c>sig_sicodes</c>: the highest code that the kernel sends with a signal; signals without codes of their own may have SIGPOLL's.</summary>
    internal static int LastOf(Signal signal) => signal switch
    {
        Signal.SIGILL => 11,
        Signal.SIGFPE => 15,
        Signal.SIGSEGV => 10,
        Signal.SIGBUS => 5,
        Signal.SIGTRAP => 6,
        Signal.SIGCHLD => CLD_CONTINUED,
        Signal.SIGSYS => 2,
        _ => LastOfSigpoll,
    };

    internal const int LastOfSigpoll = 6;
}
