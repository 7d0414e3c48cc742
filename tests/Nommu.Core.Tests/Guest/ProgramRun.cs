using System.Diagnostics;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Guest;

/// <summary>What a program printed and how it ended.</summary>
internal sealed record ProgramRun(string Output, string Error, int Status)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    /// <summary>On the host's own Linux, as the leader of a session, as the kernel starts it.</summary>
    internal static async Task<ProgramRun> NativelyAsync(string path, string directory, params string[] arguments)
    {
        var info = new ProcessStartInfo("setsid")
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        info.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        info.Environment["HOME"] = "/";
        // .NET's children ignore SIGPIPE as it does.
        foreach (var argument in arguments.Prepend(path).Prepend("--default-signal").Prepend("env"))
            info.ArgumentList.Add(argument);
        using var process = Process.Start(info)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Longest);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return new ProgramRun(await output, await error, process.ExitCode);
    }

    /// <summary>In a kernel.</summary>
    internal static async Task<ProgramRun> InKernelAsync(Kernel kernel, string path, string directory, params string[] arguments)
    {
        var process = kernel.Start(new GuestProcessStartInfo(path, arguments) { WorkingDirectory = directory });
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            var status = await process.WaitForExitAsync().WaitAsync(Longest);
            return new ProgramRun(await output.WaitAsync(Longest), await error.WaitAsync(Longest), status);
        }
        catch (TimeoutException)
        {
            process.Kill();
            throw;
        }
    }
}
