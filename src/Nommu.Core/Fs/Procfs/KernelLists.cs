using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/filesystems, devices and version.</summary>
internal static class KernelLists
{
    internal static void ShowFileSystems(Machine machine, SeqText text)
    {
        foreach (var type in machine.FileSystem.Types)
            text.Add($"{(type.NeedsDevice ? "" : "nodev")}\t{type.Name}\n");
    }

    /// <summary>Drivers by major number. Linux's own majors have its own names, all others that of their first device.</summary>
    internal static void ShowDevices(Machine machine, SeqText text)
    {
        text.Add("Character devices:\n"u8);
        var last = -1L;
        foreach (var device in machine.FileSystem.Devices.Snapshot())
        {
            if (device.Number.Major == last)
                continue;
            last = device.Number.Major;
            var name = last switch
            {
                1 => "mem",
                4 => "tty",
                5 => "/dev/tty",
                10 => "misc",
                >= 136 and <= 143 => "pts",
                _ => device.Name ?? "",
            };
            text.Add($"{last,3} {name}\n");
        }
        text.Add("\nBlock devices:\n"u8);
    }

    internal static void ShowVersion(Machine machine, SeqText text) =>
        text.Add($"{UtsNamespace.SystemName} version {UtsNamespace.Release} (nommu@dotnet) (.NET {Environment.Version.ToString()}) {machine.Uts.Version}\n");
}
