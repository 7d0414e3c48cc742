namespace Nommu.Core.Processes;

/// <summary>How wait(2) packs what has become of a child (bits/waitstatus.h).</summary>
internal readonly record struct WaitStatus(int Value)
{
    internal static WaitStatus Continued => new(0xffff);

    internal bool IsExited => (Value & 0x7f) == 0;

    internal bool IsSignaled => (Value & 0x7f) is not 0 and not 0x7f;

    internal int ExitCode => (Value >> 8) & 0xff;

    internal int TerminatingSignal => Value & 0x7f;

    internal bool DumpedCore => (Value & 0x80) != 0;

    internal static WaitStatus Exited(int code) => new((code & 0xff) << 8);

    internal static WaitStatus Signaled(int signal, bool core) => new(signal | (core ? 0x80 : 0));

    internal static WaitStatus Stopped(int signal) => new((signal << 8) | 0x7f);

    /// <summary>si_code of the SIGCHLD that tells of it: CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3, CLD_STOPPED 5, CLD_CONTINUED 6 (sigaction(2)).</summary>
    internal int ChildCode => Value == 0xffff ? 6 : (Value & 0xff) == 0x7f ? 5 : IsExited ? 1 : DumpedCore ? 3 : 2;

    /// <summary>si_status: the exit code, or the signal.</summary>
    internal int ChildStatus => Value == 0xffff ? 18 : (Value & 0xff) == 0x7f || IsExited ? ExitCode : TerminatingSignal;
}
