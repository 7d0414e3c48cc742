using System.Reflection;

namespace Nommu.Samples.CharacterDevice;

/// <summary>The busybox system that the build has made (samples/rootfs).</summary>
internal static class GuestRoot
{
    internal static string Path { get; } =
        typeof(GuestRoot).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == "GuestRoot").Value!;
}
