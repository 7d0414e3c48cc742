using System.Diagnostics;
using System.Globalization;

namespace Nommu.Core.Benchmarks;

/// <summary>How long it is to the first line of init: in a process that has booted before, and from the start of a process that has not.</summary>
internal static class BootRows
{
    internal static string[] Names { get; } = ["boot-warm", "boot-cold"];

    internal static async Task<Measurement> MeasureAsync(string name, string root, int rounds)
    {
        var times = new double[rounds];
        if (name == "boot-warm")
            await BootAsync(root);
        for (var i = 0; i < rounds; i++)
            times[i] = name == "boot-warm" ? await BootAsync(root) : await ColdAsync();
        return new Measurement(name, null, Statistics.Median(times), null, Statistics.Spread(times));
    }

    /// <summary>From Build() to the first line.</summary>
    /// <param name="root">The root's directory.</param>
    /// <param name="onFirstLine">Called when it has come.</param>
    /// <returns>Nanoseconds.</returns>
    internal static async Task<double> BootAsync(string root, Action? onFirstLine = null)
    {
        var console = new FirstLine();
        var start = Stopwatch.GetTimestamp();
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(root).AddCharacterDevice("console", console).Build();
        await kernel.BootAsync();
        kernel.StartInit();
        await console.Written.WaitAsync(TimeSpan.FromSeconds(30));
        var time = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        onFirstLine?.Invoke();
        return time;
    }

    private static async Task<double> ColdAsync()
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!, [BootOnce.Argument]) { RedirectStandardOutput = true };
        var start = DateTime.UtcNow;
        using var process = Process.Start(info)!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var end = new DateTime(long.Parse(text.Trim(), CultureInfo.InvariantCulture), DateTimeKind.Utc);
        return (end - start).TotalNanoseconds;
    }
}

/// <summary>The child process of boot-cold: boots and says when the first line came.</summary>
internal static class BootOnce
{
    internal const string Argument = "--boot-once";

    internal static async Task<int> RunAsync(string root)
    {
        await BootRows.BootAsync(root, static () => Console.WriteLine(DateTime.UtcNow.Ticks.ToString(CultureInfo.InvariantCulture)));
        return 0;
    }
}
