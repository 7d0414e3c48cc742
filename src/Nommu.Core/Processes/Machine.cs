using Nommu.Core.Diagnostics;
using Nommu.Core.Fs;
using Nommu.Core.Loader;
using Nommu.Core.Memory;
using Nommu.Core.Time;

namespace Nommu.Core.Processes;

/// <summary>What Linux keeps in globals: one object per kernel, put together once at boot.</summary>
internal sealed partial class Machine
{
    private ITaskObserver? _observer;

    /// <summary>All processes.</summary>
    internal required TaskTable Tasks { get; init; }

    /// <summary>All guest memory.</summary>
    internal required Arena Arena { get; init; }

    /// <summary>All files.</summary>
    internal required VirtualFileSystem FileSystem { get; init; }

    /// <summary>The only clock.</summary>
    internal required KernelClock Clock { get; init; }

    /// <summary>From a file to a program.</summary>
    internal required ProgramLoader Loader { get; init; }

    /// <summary>dmesg.</summary>
    internal required LogBuffer Log { get; init; }

    /// <summary>What guests run on.</summary>
    internal required Execution.HostThreadPool HostThreads { get; init; }

    /// <summary>printk.</summary>
    internal required Microsoft.Extensions.Logging.ILogger Logger { get; init; }

    /// <summary>Told what becomes of threads; null while nobody wants to know.</summary>
    internal ITaskObserver? Observer { get => Volatile.Read(ref _observer); set => Volatile.Write(ref _observer, value); }

    /// <summary>Told of the signal that a process dies of, on the thread that took it, while its memory is still there.</summary>
    internal Action<GuestThread, Abi.Siginfo>? Dies { get; set; }

    /// <summary>Told, at the debug level, where programs and libraries are loaded.</summary>
    internal Microsoft.Extensions.Logging.ILogger ProgramLog { get; init; } = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    /// <summary>Name, release, host name.</summary>
    internal UtsNamespace Uts { get; } = new();

    /// <summary>/proc/cmdline, without a newline.</summary>
    internal string CommandLine { get; init; } = "";
}
