using System.Diagnostics;
using System.Text.Json;

namespace Nommu.Core.Tests.Guest;

/// <summary>Runs Nommu.Core.HostProcess, which the build has put beside the tests, and reads what it prints.</summary>
internal static class OwnHostProcess
{
    internal sealed record Line(string? Name, int Status, string Output, string Error);

    internal static async Task<(List<Line> Lines, string Error, int Status)> RunAsync(params string[] arguments)
    {
        var info = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.Prepend(Path.Combine(AppContext.BaseDirectory, "Nommu.Core.HostProcess.dll")))
            info.ArgumentList.Add(argument);
        using var process = Process.Start(info)!;
        var error = process.StandardError.ReadToEndAsync();
        var lines = new List<Line>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            lines.Add(JsonSerializer.Deserialize<Line>(line)!);
        await process.WaitForExitAsync();
        return (lines, await error, process.ExitCode);
    }
}
