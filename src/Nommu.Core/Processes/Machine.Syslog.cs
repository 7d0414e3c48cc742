using Nommu.Core.Diagnostics;

namespace Nommu.Core.Processes;

internal sealed partial class Machine
{
    /// <summary>The log as syslog(2) has it.</summary>
    internal Syslog Syslog => field ??= new Syslog(Log);

    /// <summary>reboot(2): whether Ctrl-Alt-Del restarts at once rather than tell init. No device sends it; it is only remembered.</summary>
    internal bool CtrlAltDelRestarts { get; set; } = true;
}
