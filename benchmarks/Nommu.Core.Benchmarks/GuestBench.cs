using System.Diagnostics;
using System.Globalization;
using Nommu.Core.Processes;

namespace Nommu.Core.Benchmarks;

/// <summary>The same guest program, natively and in a kernel: it says on its standard output how many nanoseconds its loop took.</summary>
internal sealed class GuestBench(string directory, string root, Kernel kernel)
{
    internal double Native(Row row)
    {
        var info = new ProcessStartInfo(Path.Combine(directory, row.Program)) { RedirectStandardOutput = true, WorkingDirectory = directory };
        info.ArgumentList.Add(row.Name);
        info.ArgumentList.Add(row.Iterations.ToString(CultureInfo.InvariantCulture));
        info.Environment["BENCH_ROOT"] = root;
        using var process = Process.Start(info)!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return Parse(row, text, process.ExitCode);
    }

    internal double InKernel(Row row)
    {
        var process = kernel.Start(new GuestProcessStartInfo($"/bench/{row.Program}", row.Name, row.Iterations.ToString(CultureInfo.InvariantCulture))
        {
            WorkingDirectory = "/bench",
            StandardInput = GuestStandardStream.Null,
        });
        var text = process.StandardOutput.ReadToEnd();
        return Parse(row, text, process.WaitForExit());
    }

    private static double Parse(Row row, string text, int status) =>
        status == 0 && long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var nanoseconds)
            ? (double)nanoseconds / row.Iterations
            : throw new InvalidOperationException($"{row.Name}: status {status}, output '{text.Trim()}'.");
}
