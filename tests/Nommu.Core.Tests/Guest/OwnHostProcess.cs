using System.Diagnostics;
using System.Text.Json;

namespace Nommu.Core.Tests.Guest;

/// <summary>Runs Nommu.Core.HostProcess, which the build has put beside the tests, and reads what it prints.</summary>
internal static class OwnHostProcess
{
    internal sealed record Line(string? Name, int Status, string Output, string Error);

    internal static Task<(List<Line> Lines, string Error, int Status)> RunAsync(params string[] arguments) =>
        RunAsync(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "Nommu.Core.HostProcess.dll"), .. arguments]);

    /// <summary>The same program, compiled ahead of time.</summary>
    internal static Task<(List<Line> Lines, string Error, int Status)> RunAheadOfTimeAsync(params string[] arguments) => RunAsync(GuestPaths.AheadOfTimeHostProcess, arguments);

    private static async Task<(List<Line> Lines, string Error, int Status)> RunAsync(string program, string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(info)!;
        var error = process.StandardError.ReadToEndAsync();
        var lines = new List<Line>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            lines.Add(JsonSerializer.Deserialize<Line>(line)!);
        await process.WaitForExitAsync();
        return (lines, await error, process.ExitCode);
    }
}
