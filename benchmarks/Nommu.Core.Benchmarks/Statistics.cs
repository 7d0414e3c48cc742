using System.Text.Json;

namespace Nommu.Core.Benchmarks;

internal static class Statistics
{
    internal static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>(largest - smallest) by median.</summary>
    internal static double Spread(double[] values) => (values.Max() - values.Min()) / Median(values);
}

internal static class JsonOptions
{
    internal static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };
}
