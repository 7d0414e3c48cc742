using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core;

/// <summary>What a kernel is built from, apart from its services.</summary>
public sealed class KernelOptions
{
    /// <summary>The kernel command line.</summary>
    public string CommandLine { get; set; } = "";

    /// <summary>What the root file system is filled from: a directory of the host, or an archive (tar or cpio, gzipped or not). Null for an empty root. <c>root=</c> in the command line wins.</summary>
    public string? Root { get; set; }

    /// <summary>A directory of the host that is the root itself: only read, with what guests write kept in memory over it. Null for a root in memory.</summary>
    public string? HostRoot { get; set; }

    /// <summary>What else is put into the root file system: a directory of the guest, made where it is not there, and what it is filled from.</summary>
    public IList<KeyValuePair<string, string>> Additions { get; } = [];

    /// <summary>Bytes of memory that guests may have in use; <c>mem=</c> in the command line wins.</summary>
    public ulong Memory { get; set; } = 1UL << 30;

    /// <summary>Whether every system call is logged, a line each, at <see cref="Microsoft.Extensions.Logging.LogLevel.Trace"/>.</summary>
    public bool TraceSystemCalls { get; set; }

    /// <summary>What is written instead, where something else than the logger shall have the lines of <see cref="TraceSystemCalls"/>.</summary>
    public Action<string>? TraceOutput { get; set; }

    /// <summary>Traces that are there from the beginning (<see cref="Kernel.StartTrace"/> begins one later).</summary>
    public IList<SyscallTraceOptions> Traces { get; } = [];

    /// <summary>Whether a process that dies of a fault is reported to the logger <c>Nommu.Core.Crashes</c> at the warning level: the signal, registers, the functions it was in, and its last system calls where those are remembered.</summary>
    public bool ReportCrashes { get; set; } = true;

    /// <summary>Whether the last system calls of each thread are kept for crash reports; some three nanoseconds a call. Those that are answered within the guest are not among them.</summary>
    public bool RememberSystemCalls { get; set; } = true;

    /// <summary>
    /// Lets <see cref="Rewriter.ZpolineStrategy"/> map page zero although the processor cannot hide it from reads. From then on a managed null reference that is read through no longer throws
    /// <see cref="NullReferenceException"/> anywhere in this process, but gives what happens to lie there.
    /// </summary>
    public bool AllowZpolineToBreakNullReferenceExceptions { get; set; }
}
