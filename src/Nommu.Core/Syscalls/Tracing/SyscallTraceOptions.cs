using Microsoft.Extensions.Logging;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls.Tracing;

/// <summary>What a trace of system calls shows and where it goes, in the manner of strace(1). <see cref="Kernel.StartTrace"/>.</summary>
public sealed class SyscallTraceOptions
{
    private List<string> _paths = [];

    /// <summary>Which calls, as <c>strace -e trace=</c>: names and classes with commas between them (<c>openat,%network</c>), all but some (<c>!%memory</c>), <c>all</c> or <c>none</c>. Classes are %file, %desc, %process, %network, %signal, %memory, %ipc, %creds and %clock.</summary>
    public string Calls { get; set; } = "all";

    /// <summary>Only calls that name a path at or below one of these, or a descriptor of one (<c>strace -P</c>). Empty for all.</summary>
    public IList<string> Paths => _paths;

    /// <summary>Only this process; null for all there are and will be.</summary>
    public GuestProcess? Process { get; set; }

    /// <summary>With <see cref="Process"/>: also the children it makes from now on, and theirs (<c>strace -f</c>).</summary>
    public bool FollowChildren { get; set; } = true;

    /// <summary>Whether signals are shown, and the ends of threads (<c>---</c>, <c>+++</c>).</summary>
    public bool ShowSignals { get; set; } = true;

    /// <summary>What stands before a line.</summary>
    public SyscallTraceTimes Times { get; set; }

    /// <summary>Whether each call is followed by the seconds it took (<c>strace -T</c>).</summary>
    public bool ShowDurations { get; set; }

    /// <summary>Whether descriptors are followed by their paths (<c>strace -y</c>).</summary>
    public bool ShowPaths { get; set; }

    /// <summary>Bytes at most that are shown of what is no path (<c>strace -s</c>).</summary>
    public int StringLimit { get; set; } = 32;

    /// <summary>Gets the text as it comes to be: a call that has not answered yet stands there unfinished. Written to by one thread at a time; not disposed of.</summary>
    public TextWriter? Output { get; set; }

    /// <summary>Gets whole lines, by one thread at a time.</summary>
    public Action<string>? Line { get; set; }

    /// <summary>Gets whole lines at <see cref="LogLevel.Trace"/>.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>Gets each call that has been made, each signal and each end, by one thread at a time, on the guest's thread.</summary>
    public Action<SyscallTraceEvent>? Event { get; set; }

    internal SyscallTraceOptions Copy()
    {
        var copy = (SyscallTraceOptions)MemberwiseClone();
        copy._paths = [.. _paths];
        return copy;
    }
}

/// <summary>What stands before a line of a trace.</summary>
public enum SyscallTraceTimes
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The guest's time of day, UTC, with microseconds (<c>strace -tt</c>).</summary>
    TimeOfDay,

    /// <summary>Seconds since the last line began (<c>strace -r</c>).</summary>
    Relative,
}
