using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: /dev/tty (tty(4)): whatever terminal controls its opener.</summary>
internal sealed class ControllingTerminalDevice : ICharacterDevice
{
    internal static readonly DeviceNumber Number = new(5, 0);

    public Result<FileDescription> Open(in OpenRequest request)
    {
        if (request.Thread?.Process is not { } process)
            return Errno.ENXIO;
        IControllingTerminal? terminal;
        lock (process.Tasks.Lock)
            terminal = process.ControllingTerminal;
        return terminal is Tty tty ? TtyFile.Open(tty, request, mayControl: false) : Errno.ENXIO;
    }
}

/// <summary>Linux: /dev/console (console(4)), which never becomes a controlling terminal, and the line behind it, /dev/ttyS0, which does.</summary>
internal sealed class ConsoleDevice(Tty tty, bool isConsole) : ICharacterDevice
{
    internal static readonly DeviceNumber Number = new(5, 1);
    internal static readonly DeviceNumber SerialNumber = new(4, 64);

    public Result<FileDescription> Open(in OpenRequest request) => TtyFile.Open(tty, request, mayControl: !isConsole, isConsole);
}

/// <summary>Linux: /dev/ptmx (pts(4)): every open makes a pair.</summary>
internal sealed class PtmxDevice(TerminalDriver driver) : ICharacterDevice
{
    internal static readonly DeviceNumber Number = new(5, 2);

    public Result<FileDescription> Open(in OpenRequest request)
    {
        var credentials = request.Thread?.Credentials ?? Credentials.Root;
        if (!driver.CreatePair(credentials.Fsuid, credentials.Fsgid).TryGet(out var tty))
            return Errno.ENOSPC;
        tty.IsLocked = true;
        return new TtyMasterFile(tty, request.Path, request.Flags);
    }
}

/// <summary>Linux: /dev/pts/N (pts(4)).</summary>
internal sealed class SlaveDevice(Tty tty) : ICharacterDevice
{
    public Result<FileDescription> Open(in OpenRequest request) => TtyFile.Open(tty, request, mayControl: true);
}
