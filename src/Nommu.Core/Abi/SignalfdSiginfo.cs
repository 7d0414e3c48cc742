using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct signalfd_siginfo</c>, what a read of a signalfd gives (signalfd(2)). What a kind of signal has nothing to say of is 0.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct SignalfdSiginfo
{
    [FieldOffset(0)] internal int Signo;
    [FieldOffset(4)] internal int Errno;
    [FieldOffset(8)] internal int Code;
    [FieldOffset(12)] internal int Pid;
    [FieldOffset(16)] internal uint Uid;
    [FieldOffset(20)] internal int Fd;
    [FieldOffset(24)] internal int TimerId;
    [FieldOffset(28)] internal uint Band;
    [FieldOffset(32)] internal int Overrun;
    [FieldOffset(40)] internal int Status;

    /// <summary>The lower half of <see cref="Value"/>.</summary>
    [FieldOffset(44)] internal int Int;
    [FieldOffset(48)] internal ulong Value;
    [FieldOffset(56)] internal long UserTime;
    [FieldOffset(64)] internal long SystemTime;
    [FieldOffset(72)] internal ulong Address;
    [FieldOffset(84)] internal int Syscall;
    [FieldOffset(88)] internal ulong CallAddress;
    [FieldOffset(96)] internal uint Architecture;

    /// <summary>Linux: <c>signalfd_copyinfo</c>.</summary>
    internal static SignalfdSiginfo From(in Siginfo info)
    {
        var given = new SignalfdSiginfo { Signo = info.Signo, Errno = info.Errno, Code = info.Code };
        switch (info.Layout)
        {
            case SiginfoLayout.SIL_KILL:
                (given.Pid, given.Uid) = (info.Pid, info.Uid);
                break;
            case SiginfoLayout.SIL_TIMER:
                (given.TimerId, given.Overrun) = (info.TimerId, info.Overrun);
                (given.Value, given.Int) = (info.Value, (int)info.Value);
                break;
            case SiginfoLayout.SIL_POLL:
                (given.Band, given.Fd) = ((uint)info.Band, info.Fd);
                break;
            case SiginfoLayout.SIL_FAULT:
                given.Address = info.Address;
                break;
            case SiginfoLayout.SIL_CHLD:
                (given.Pid, given.Uid, given.Status) = (info.Pid, info.Uid, info.Status);
                (given.UserTime, given.SystemTime) = (info.UserTime, info.SystemTime);
                break;
            case SiginfoLayout.SIL_SYS:
                (given.CallAddress, given.Syscall, given.Architecture) = (info.Address, info.Syscall, info.Architecture);
                break;
            default:
                (given.Pid, given.Uid) = (info.Pid, info.Uid);
                (given.Value, given.Int) = (info.Value, (int)info.Value);
                break;
        }
        return given;
    }
}
