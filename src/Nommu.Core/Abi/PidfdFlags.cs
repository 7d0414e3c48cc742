namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of pidfd_open(2).</summary>
[Flags]
internal enum PidfdFlags
{
    None = 0,

    /// <summary>One thread is meant.</summary>
    PIDFD_THREAD = 0x80,
    PIDFD_NONBLOCK = 0x800,
}

/// <summary>Linux: whom pidfd_send_signal(2) signals; by default whom the descriptor means.</summary>
[Flags]
internal enum PidfdSignalFlags
{
    None = 0,
    PIDFD_SIGNAL_THREAD = 1,
    PIDFD_SIGNAL_THREAD_GROUP = 2,
    PIDFD_SIGNAL_PROCESS_GROUP = 4,
}
