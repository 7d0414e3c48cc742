using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>What signals need of a process.</summary>
public sealed partial class GuestProcess
{
    private Credentials? _lastCredentials;

    /// <summary>Signals to the process as a whole.</summary>
    internal SharedSignalState Signals { get; } = new();

    /// <summary>What it does with signals; replaced by execve(2), shared by CLONE_SIGHAND.</summary>
    internal SignalHandlers Handlers { get; set; } = new();

    /// <summary>The first thread's credentials, or once all threads are gone what they were. Under the lock.</summary>
    internal Credentials? MainCredentials => Threads.Count > 0 ? _lastCredentials = Threads[0].Credentials : _lastCredentials;
}
