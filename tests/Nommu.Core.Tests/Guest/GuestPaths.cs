using System.Reflection;

namespace Nommu.Core.Tests.Guest;

/// <summary>Where the build has put the guests' files: see samples/rootfs and tests/guest.</summary>
internal static class GuestPaths
{
    /// <summary>A busybox system with an unmodified musl.</summary>
    internal static string Root => Metadata("GuestRoot");

    /// <summary>The cache folder of all that was built for guests.</summary>
    internal static string Cache => Metadata("GuestCache");

    /// <summary>The programs of tests/guest.</summary>
    internal static string Programs => Metadata("GuestPrograms");

    /// <summary>Debian's packages of programs that the host need not have, unpacked; nothing is there until a build has had a network.</summary>
    internal static string DebianPackages => Metadata("DebianPackages");

    /// <summary>Nommu.Core.HostProcess, compiled ahead of time.</summary>
    internal static string AheadOfTimeHostProcess => Metadata("AheadOfTimeHostProcess");

    private static string Metadata(string key) =>
        typeof(GuestPaths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(attribute => attribute.Key == key)?.Value
            ?? throw new InvalidOperationException($"The build has not said where {key} is.");
}
