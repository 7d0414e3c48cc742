using System.Collections.Concurrent;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: the char device map and <c>device_add</c> in one: which driver answers for a device number, and under which name devtmpfs shows it.</summary>
public sealed class DeviceTable
{
    /// <summary>Linux: the first major number that is handed out dynamically, counting down.</summary>
    private const uint FirstDynamicMajor = 254;

    private readonly ConcurrentDictionary<DeviceNumber, Device> _characterDevices = new();
    private readonly Lock _lock = new();
    private uint _nextMajor = FirstDynamicMajor;

    /// <summary>Told of every device that comes (true) or goes (false), under the table's lock.</summary>
    internal event Action<Device, bool>? Changed;

    /// <summary>Registers a driver under a free number.</summary>
    /// <param name="name">Its path below /dev.</param>
    /// <param name="driver">The driver.</param>
    /// <param name="mode">Permissions of the node.</param>
    /// <returns>EEXIST when the name is taken.</returns>
    public Result<DeviceNumber> Add(string name, ICharacterDevice driver, InodeMode mode = (InodeMode)0x1B6)
    {
        lock (_lock)
        {
            var number = new DeviceNumber(_nextMajor, 0);
            var error = Add(name, number, driver, mode);
            if (error != Errno.None)
                return error;
            _nextMajor--;
            return number;
        }
    }

    /// <summary>Registers a driver under a number of its own.</summary>
    /// <param name="name">Its path below /dev; null for a device without a node.</param>
    /// <param name="number">Its number.</param>
    /// <param name="driver">The driver.</param>
    /// <param name="mode">Permissions of the node.</param>
    /// <returns>EBUSY when the number is taken, EEXIST when the name is.</returns>
    public Errno Add(string? name, DeviceNumber number, ICharacterDevice driver, InodeMode mode)
    {
        ArgumentNullException.ThrowIfNull(driver);
        lock (_lock)
        {
            if (_characterDevices.ContainsKey(number))
                return Errno.EBUSY;
            if (name is not null && _characterDevices.Values.Any(other => other.Name == name))
                return Errno.EEXIST;
            var device = new Device(name, number, InodeMode.S_IFCHR | (mode & InodeMode.Permissions), driver);
            _characterDevices[number] = device;
            Changed?.Invoke(device, true);
            return Errno.None;
        }
    }

    /// <summary>Takes a device away: its node goes, what is open stays.</summary>
    /// <param name="number">Its number.</param>
    public void Remove(DeviceNumber number)
    {
        lock (_lock)
        {
            if (_characterDevices.TryRemove(number, out var device))
                Changed?.Invoke(device, false);
        }
    }

    internal ICharacterDevice? FindCharacterDevice(DeviceNumber number) => _characterDevices.GetValueOrDefault(number)?.Driver;

    /// <summary>Every device, by number; and from then on every change, without a gap between.</summary>
    internal void Subscribe(Action<Device, bool> onChange)
    {
        lock (_lock)
        {
            foreach (var device in _characterDevices.Values.OrderBy(device => device.Number.Major).ThenBy(device => device.Number.Minor))
                onChange(device, true);
            Changed += onChange;
        }
    }

    internal Device[] Snapshot()
    {
        lock (_lock)
            return [.. _characterDevices.Values.OrderBy(device => device.Number.Major).ThenBy(device => device.Number.Minor)];
    }
}

/// <summary>One registered device.</summary>
internal sealed record Device(string? Name, DeviceNumber Number, InodeMode Mode, ICharacterDevice Driver);
