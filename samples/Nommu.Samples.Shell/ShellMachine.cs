using System.Reflection;
using Nommu.Core;
using Nommu.Core.Drivers.Tty;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Samples.Shell;

/// <summary>A kernel as the command line asks for it, and the three things that can be done with it.</summary>
internal sealed class ShellMachine : IAsyncDisposable
{
    private readonly ShellOptions _options;
    private readonly Kernel _kernel;
    private readonly StreamWriter? _trace;

    internal ShellMachine(ShellOptions options)
    {
        _options = options;
        var builder = Kernel.CreateBuilder().UseCommandLine(options.Append);
        _ = options.HasHostRoot ? builder.UseHostRoot("/") : builder.UseRootDirectory(options.Root ?? DefaultRoot());
        if (options.Trace is { } trace)
        {
            trace.Output = _trace = OpenTrace(options.TraceOutput);
            builder.UseTrace(trace);
        }
        if (options.Program.Count > 0)
            builder.UseLogging(new StandardErrorLog(options.Append));
        _kernel = builder.Build();
    }

    /// <summary>Runs init on this process's terminal until the machine halts.</summary>
    internal async Task<int> RunInitAsync()
    {
        using var console = _kernel.ConnectConsole();
        using var host = HostConsole.Connect(console);
        await _kernel.BootAsync();
        _kernel.StartInit();
        var reason = await _kernel.Halted;
        return reason == HaltReason.InitExited ? 1 : 0;
    }

    /// <summary>Runs one program as process 1, with this process's standard streams, or on its terminal where all of them are one.</summary>
    internal async Task<int> RunProgramAsync()
    {
        await _kernel.BootAsync();
        var info = new GuestProcessStartInfo(_options.Program[0], [.. _options.Program.Skip(1)])
        {
            StandardInput = GuestStandardStream.Host,
            StandardOutput = GuestStandardStream.Host,
            StandardError = GuestStandardStream.Host,
        };
        if (_options.HasHostRoot)
            HostUser.Describe(info);
        else if (Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } term)
            info.Environment["TERM"] = term;
        if (Console.IsInputRedirected || Console.IsOutputRedirected || Console.IsErrorRedirected)
            return await RunAsync(info);
        using var terminal = _kernel.CreateTerminal();
        using var host = HostConsole.Connect(terminal);
        info.Terminal = terminal;
        return await RunAsync(info);
    }

    private async Task<int> RunAsync(GuestProcessStartInfo info)
    {
        if (_options.Gdb is null)
            return await _kernel.Start(info).WaitForExitAsync();
        await using var server = _kernel.StartUnderDebugger(info, _options.Gdb);
        return await server.Process.WaitForExitAsync();
    }

    /// <summary>Prints every system call with what becomes of it.</summary>
    internal int ListSystemCalls()
    {
        foreach (var call in _kernel.SystemCalls)
            Console.WriteLine($"{call.Number,4} {call.Name,-24} {(call.State == SystemCallState.Done ? "done" : call.State == SystemCallState.Host ? "host" : "ENOSYS")}");
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        await _kernel.DisposeAsync();
        if (_trace is not null)
            await _trace.DisposeAsync();
    }

    private static string DefaultRoot() =>
        typeof(ShellMachine).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == "GuestRoot").Value!;

    // While the terminal is raw a line feed does not go back to the left.
    private static StreamWriter OpenTrace(string? path) =>
        path is not null ? new StreamWriter(path) : new StreamWriter(Console.OpenStandardError()) { AutoFlush = true, NewLine = Console.IsErrorRedirected ? "\n" : "\r\n" };
}
