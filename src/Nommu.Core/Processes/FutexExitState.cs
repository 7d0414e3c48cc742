namespace Nommu.Core.Processes;

/// <summary>Linux: FUTEX_STATE_OK and its kin: how far a thread has come with letting go of its futexes.</summary>
internal enum FutexExitState
{
    Alive,

    /// <summary>It is giving them back: whoever looks for the owner of one looks again.</summary>
    Exiting,
    Dead,
}
