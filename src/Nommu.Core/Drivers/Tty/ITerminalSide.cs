namespace Nommu.Core.Drivers.Tty;

/// <summary>What the line discipline asks of the terminal it serves. Called with the terminal's lock held.</summary>
internal interface ITerminalSide
{
    /// <summary>Bytes for the screen, processed already.</summary>
    void Echo(ReadOnlySpan<byte> bytes);

    /// <summary>SIGINT, SIGQUIT or SIGTSTP for the foreground group.</summary>
    void Raise(int signal);

    /// <summary>An interrupt threw unread output away.</summary>
    void DiscardOutput();

    /// <summary>Ctrl-S and Ctrl-Q: output stands still or goes on.</summary>
    void FlowChanged(bool stopped);
}
