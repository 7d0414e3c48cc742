using System.Reflection;

namespace Nommu.Core.Tests.Packaging;

/// <summary>What the build says of itself.</summary>
internal static class PackagePaths
{
    internal static string Project => Metadata("PackedProject");

    internal static string Configuration => Metadata("PackedConfiguration");

    /// <summary>Where the packages are that the tests were built with: a source for what the package depends on, without a network.</summary>
    internal static string GlobalPackages => Metadata("PackedWith");

    private static string Metadata(string key) =>
        typeof(PackagePaths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(attribute => attribute.Key == key)?.Value
            ?? throw new InvalidOperationException($"The build has not said where {key} is.");
}
