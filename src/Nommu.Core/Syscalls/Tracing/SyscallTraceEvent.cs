namespace Nommu.Core.Syscalls.Tracing;

/// <summary>Something a trace has seen.</summary>
/// <param name="Kind">What.</param>
/// <param name="ProcessId">Whose process.</param>
/// <param name="ThreadId">Which thread.</param>
/// <param name="Time">When it began, real time of the guest.</param>
/// <param name="Duration">How long the call took; zero for all others.</param>
/// <param name="Name">The call's name, the signal's name, or <c>exit</c>.</param>
/// <param name="Number">The call's, or the signal's number.</param>
/// <param name="Arguments">The call's arguments as text, each; empty for all others.</param>
/// <param name="Result">What it answered: negative error numbers too; 0 where it answered nothing.</param>
/// <param name="Text">The whole line without process and time.</param>
public sealed record SyscallTraceEvent(SyscallTraceKind Kind, int ProcessId, int ThreadId, DateTimeOffset Time, TimeSpan Duration, string Name, int Number, IReadOnlyList<string> Arguments, long Result, string Text);

/// <summary>What a trace sees.</summary>
public enum SyscallTraceKind
{
    /// <summary>A system call that has been made.</summary>
    Call,

    /// <summary>A signal that is taken.</summary>
    Signal,

    /// <summary>A thread has ended.</summary>
    Exit,
}
