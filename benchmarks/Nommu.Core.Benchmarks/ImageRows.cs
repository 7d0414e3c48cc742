using System.Diagnostics;
using Nommu.Core.Processes;

namespace Nommu.Core.Benchmarks;

/// <summary>How long a static-PIE of 100 MB of generated code takes from its start to its end: at its first load, and after that. The very first large program of a host's process waits for the runtime's compiler too.</summary>
/// <remarks>What is made of a file's contents is kept for the host's process, so each round has one of its own, with two files that differ.</remarks>
internal static class ImageRows
{
    internal static string[] Names { get; } = ["image-very-first", "image-first", "image-again"];
    internal const string Argument = "--image";

    /// <summary>All rows, since they come from the same runs.</summary>
    internal static async Task<Measurement[]> MeasureAsync(string compiler, string script, string folder, int rounds)
    {
        var program = Path.Combine(folder, "large");
        if (!File.Exists(program))
        {
            Console.WriteLine("(making a large program, once)");
            await RunAsync("bash", script, compiler, program);
            File.Copy(program, program + "-other", overwrite: true);
            await File.AppendAllTextAsync(program + "-other", "\n");
        }
        var (native, veryFirst, first, again) = (new double[rounds], new double[rounds], new double[rounds], new double[rounds]);
        for (var round = 0; round < rounds; round++)
        {
            native[round] = Native(program);
            var numbers = (await RunAsync(Environment.ProcessPath!, Argument, folder)).Split(' ');
            (veryFirst[round], first[round], again[round]) = (double.Parse(numbers[0], null), double.Parse(numbers[1], null), double.Parse(numbers[2], null));
        }
        return [Result("image-very-first", native, veryFirst), Result("image-first", native, first), Result("image-again", native, again)];
    }

    /// <summary>The host's process of one round: prints the times.</summary>
    internal static async Task<int> RunOnceAsync(string root, string folder)
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(root).AddRootDirectory("/large", folder).Build();
        await kernel.BootAsync();
        Start(kernel, "/bin/true"); // what has nothing to do with the file is compiled here
        var veryFirst = Start(kernel, "/large/large-other");
        var first = Start(kernel, "/large/large");
        var again = new double[21];
        for (var i = 0; i < again.Length; i++)
            again[i] = Start(kernel, "/large/large");
        Console.WriteLine($"{veryFirst:F0} {first:F0} {Statistics.Median(again):F0}");
        return 0;
    }

    private static double Start(Kernel kernel, string program)
    {
        var start = Stopwatch.GetTimestamp();
        var process = kernel.Start(new GuestProcessStartInfo(program) { StandardInput = GuestStandardStream.Null, StandardOutput = GuestStandardStream.Null });
        if (process.WaitForExit() != 0)
            throw new InvalidOperationException($"{program}: status {process.ExitCode}.");
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    private static double Native(string program)
    {
        var start = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(program) { RedirectStandardOutput = true })!;
        process.WaitForExit();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    private static Measurement Result(string name, double[] native, double[] times) =>
        new(name, Statistics.Median(native), Statistics.Median(times), Statistics.Median(times) / Statistics.Median(native), Statistics.Spread(times));

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? text.Trim() : throw new InvalidOperationException($"{program}: status {process.ExitCode}.");
    }
}
