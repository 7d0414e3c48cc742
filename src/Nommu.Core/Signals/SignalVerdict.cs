namespace Nommu.Core.Signals;

/// <summary>What the run loop does after signals have been looked after.</summary>
internal enum SignalVerdict
{
    /// <summary>Enter the guest with the registers as they are now.</summary>
    Resume,

    /// <summary>Make the call in rax without entering the guest first: an interrupted call starts again.</summary>
    RestartCall,

    /// <summary>The thread ends. Where <see cref="SharedSignalState.GroupExit"/> is set, the process ends with that status.</summary>
    Exit,
}
