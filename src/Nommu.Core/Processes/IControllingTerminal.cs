using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>What processes know of the terminal that controls their session. Called with <see cref="TaskTable.Lock"/> held, and takes no other lock.</summary>
internal interface IControllingTerminal
{
    /// <summary>tty_nr in /proc/PID/stat.</summary>
    DeviceNumber Number { get; }

    /// <summary>The group that may read, and gets the keyboard's signals; tpgid in /proc/PID/stat.</summary>
    ProcessGroup? ForegroundGroup { get; }

    /// <summary>Linux: <c>disassociate_ctty</c>: the session's leader ends or gives its terminal up, so the session has none any more.</summary>
    void Disassociate(Session session, bool atExit);
}
