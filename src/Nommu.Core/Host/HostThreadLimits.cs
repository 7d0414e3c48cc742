using System.Globalization;

namespace Nommu.Core.Host;

/// <summary>How many threads the host has for guests. A process of the host's that is out of threads or mappings is as good as dead, its runtime included, so guests never get the last of them.</summary>
/// <remarks>Read from proc(5) and cgroups(7): kernel.threads-max, kernel.pid_max, vm.max_map_count, pids.max.</remarks>
internal static class HostThreadLimits
{
    /// <summary>Mappings of the host's that a small process takes: three of its thread (stack, guard page, signal stack) and about seven of its own. Measured.</summary>
    private const int MappingsPerGuest = 10;

    /// <summary>What is left to the host: threads, and as many times the mappings of one.</summary>
    private const int Reserve = 256;

    private const string NoLimit = "max";

    /// <summary>How many there may be of all kernels together, by what the host allows as such.</summary>
    internal static int Most { get; } = FindMost();

    /// <summary>Looks how many more there may be now. It costs milliseconds where there are thousands already.</summary>
    internal static int Left()
    {
        var threads = Most - CountThreads();
        var mappings = Number("/proc/sys/vm/max_map_count") - CountMappings();
        return (int)Math.Clamp(Math.Min(threads, (mappings / MappingsPerGuest) - Reserve), 0, int.MaxValue);
    }

    private static int FindMost()
    {
        var most = Number("/proc/sys/kernel/threads-max");
        most = Math.Min(most, Number("/proc/sys/kernel/pid_max"));
        most = Math.Min(most, Number("/proc/sys/vm/max_map_count") / MappingsPerGuest);
        return (int)Math.Max(Math.Min(most, OfControlGroup()) - Reserve, Reserve);
    }

    /// <summary>The smallest pids.max on the way up, in the hierarchies of both versions.</summary>
    private static long OfControlGroup()
    {
        var least = long.MaxValue;
        foreach (var line in Lines("/proc/self/cgroup"))
        {
            if (line.Split(':', 3) is not [_, var controllers, var group] || (controllers.Length > 0 && controllers != "pids"))
                continue;
            var root = controllers.Length > 0 ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";
            for (var path = group; path.Length > 1; path = path[..path.LastIndexOf('/')])
                least = Math.Min(least, Number($"{root}{path}/pids.max"));
        }
        return least;
    }

    private static long CountMappings()
    {
        var count = 0L;
        var buffer = new byte[1 << 16];
        using var maps = File.OpenHandle("/proc/self/maps");
        for (long at = 0; RandomAccess.Read(maps, buffer, at) is > 0 and var got; at += got)
            count += buffer.AsSpan(0, got).Count((byte)'\n');
        return count;
    }

    private static long CountThreads()
    {
        const int ThreadsField = 17; // behind the name in parentheses
        var text = File.ReadAllText("/proc/self/stat");
        return long.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[ThreadsField], CultureInfo.InvariantCulture);
    }

    /// <summary>What a file says; no limit where there is none.</summary>
    private static long Number(string path) => Lines(path) is [var text, ..] && text != NoLimit && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
