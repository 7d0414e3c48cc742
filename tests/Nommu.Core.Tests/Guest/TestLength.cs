using System.Globalization;

namespace Nommu.Core.Tests.Guest;

/// <summary>How much more than usual the tests do that get better the longer they take: the environment variable NOMMU_TEST_TIMES, 1 where it is not set.</summary>
internal static class TestLength
{
    internal static int Times { get; } = int.TryParse(Environment.GetEnvironmentVariable("NOMMU_TEST_TIMES"), NumberStyles.None, CultureInfo.InvariantCulture, out var times) ? Math.Max(1, times) : 1;
}
