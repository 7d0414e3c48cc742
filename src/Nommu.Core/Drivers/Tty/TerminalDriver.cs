using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Devpts;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: <c>struct tty_driver</c>s of a machine: the console, and pairs of pseudo-terminals as many as are asked for.</summary>
internal sealed class TerminalDriver
{
    /// <summary>Linux: UNIX98_PTY_SLAVE_MAJOR.</summary>
    private const uint SlaveMajor = 136;

    private readonly TaskTable _tasks;
    private readonly TimeProvider _clock;
    private readonly DevptsType _devpts;
    private readonly DeviceTable _devices;
    private readonly ConsoleRedirection _redirection = new();

    internal TerminalDriver(TaskTable tasks, TimeProvider clock, DevptsType devpts, DeviceTable devices)
    {
        (_tasks, _clock, _devpts, _devices) = (tasks, clock, devpts, devices);
        Console = new Tty(tasks, clock, ConsoleDevice.SerialNumber, isPseudo: false) { Redirection = _redirection };
        const InodeMode everyone = (InodeMode)0x1B6;
        const InodeMode owner = (InodeMode)0x180;
        _ = devices.Add("tty", ControllingTerminalDevice.Number, new ControllingTerminalDevice(), everyone);
        _ = devices.Add("console", ConsoleDevice.Number, new ConsoleDevice(Console, isConsole: true), owner);
        _ = devices.Add("ttyS0", ConsoleDevice.SerialNumber, new ConsoleDevice(Console, isConsole: false), owner);
        _ = devices.Add("ptmx", PtmxDevice.Number, new PtmxDevice(this), everyone);
    }

    /// <summary>Behind /dev/console and /dev/ttyS0.</summary>
    internal Tty Console { get; }

    /// <summary>A pair whose master the host has.</summary>
    /// <exception cref="InvalidOperationException">There are too many.</exception>
    internal GuestTerminal CreateTerminal(VirtualFileSystem files) =>
        CreatePair(0, 0).TryGet(out var tty) ? new GuestTerminal(tty, files) : throw new InvalidOperationException("There are too many terminals.");

    /// <summary>The host's end of the console. While nobody has it, output is kept as far as there is room and then lost, the oldest first.</summary>
    internal GuestTerminal ConnectConsole(VirtualFileSystem files) => new(Console, files);

    /// <summary>Linux: <c>ptmx_open</c>, up to the point where its file is made: a new pair, with its node.</summary>
    /// <returns>ENOSPC where there are too many.</returns>
    internal Result<Tty> CreatePair(uint uid, uint gid)
    {
        if (!_devpts.Allocate().TryGet(out var index))
            return Errno.ENOSPC;
        var number = new DeviceNumber(SlaveMajor, (uint)index);
        var tty = new Tty(_tasks, _clock, number, isPseudo: true) { Redirection = _redirection, Unused = () => _devpts.Free(index), MasterGone = () => RemoveNode(index, number) };
        _ = _devices.Add(null, number, new SlaveDevice(tty), (InodeMode)0x180);
        _devpts.AddNode(index, uid, gid, number);
        return tty;
    }

    private void RemoveNode(int index, DeviceNumber number)
    {
        _devpts.RemoveNode(index);
        _devices.Remove(number);
    }
}
