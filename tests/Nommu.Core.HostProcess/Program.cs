using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Nommu.Core.Processes;
using Nommu.Core.Rewriter;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.HostProcess;

/// <summary>
/// A process of its own for what holds for a whole process. <c>run detour|trap|zpoline|old-host|old-host-trapping ROOT PROGRAMS NAME...</c> runs programs (an argument may hold one with arguments) in one kernel (with NOMMU_TEST_MEMORY mebibytes of memory, if that is set) and prints a line of JSON for each: rewritten so, or so, with page zero mapped for zpoline, or without
/// what old hosts lack (Syscall User Dispatch and the FSGSBASE instructions), rewritten or not. <c>refuse ROOT</c> boots with zpoline but without the opt-in and prints what came of it, then whether a null reference still throws.
/// The others show what befalls the host itself while guests spin on all processors: <c>overflow</c> of a managed stack, an <c>unhandled</c> exception, an <c>interrupt</c> as by Ctrl-C.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["run", "detour" or "trap", var root, var programs, .. var names]:
                await RunAsync(arguments[1] == "detour" ? Kernel.CreateBuilder() : Kernel.CreateBuilder().UseRewriting<TrapStrategy>(), root, programs, names);
                return 0;
            case ["run", "zpoline", var root, var programs, .. var names]:
                await RunAsync(Zpoline(), root, programs, names);
                return 0;
            case ["run", "old-host" or "old-host-trapping", var root, var programs, .. var names]:
                AppContext.SetSwitch("Nommu.Core.Execution.DisableFsGsBase", true);
                AppContext.SetSwitch("Nommu.Core.Execution.DisableSyscallUserDispatch", true);
                await RunAsync(arguments[1] == "old-host" ? Kernel.CreateBuilder() : Kernel.CreateBuilder().UseRewriting<TrapStrategy>(), root, programs, names);
                return 0;
            case ["refuse", var root]:
                await RefuseAsync(root);
                return 0;
            case ["overflow", var root]:
                await WithSpinningGuestsAsync(root, () => Print(new ProgramResult("deep", Depth(0), "", "")));
                return 0;
            case ["unhandled", var root]:
                await WithSpinningGuestsAsync(root, () => new Thread(() => throw new InvalidOperationException("nobody catches this")).Start());
                await Task.Delay(Timeout.Infinite);
                return 0;
            case ["interrupt", var root]:
                await WithSpinningGuestsAsync(root, Interrupt);
                return 0;
            default:
                await Console.Error.WriteLineAsync("run detour|trap|zpoline|old-host|old-host-trapping ROOT PROGRAMS NAME... | refuse|overflow|unhandled|interrupt ROOT");
                return 2;
        }
    }

    private static KernelBuilder Zpoline()
    {
        var builder = Kernel.CreateBuilder().UseRewriting<ZpolineStrategy>();
        builder.Options.AllowZpolineToBreakNullReferenceExceptions = true;
        return builder;
    }

    private static async Task RunAsync(KernelBuilder builder, string root, string programs, string[] names)
    {
        builder.UseRootDirectory(root).AddRootDirectory("/guest", programs);
        if (Environment.GetEnvironmentVariable("NOMMU_TEST_MEMORY") is { } memory)
            builder.Options.Memory = ulong.Parse(memory, System.Globalization.CultureInfo.InvariantCulture) << 20;
        Kernel kernel;
        try
        {
            kernel = builder.Build();
        }
        catch (PlatformNotSupportedException refused)
        {
            Print(new ProgramResult(null, -1, "", refused.Message));
            return;
        }
        await using (kernel)
        {
            await kernel.BootAsync();
            foreach (var name in names)
                Print(await RunOneAsync(kernel, name));
            Print(new ProgramResult("(filtered threads)", FilteredThreads(), "", ""));
        }
    }

    /// <param name="kernel">Where.</param>
    /// <param name="name">The program, perhaps with arguments.</param>
    private static async Task<ProgramResult> RunOneAsync(Kernel kernel, string name)
    {
        try
        {
            var words = name.Split(' ');
            var directory = $"/tmp/{words[0]}";
            var made = await ProgramRun.InKernelAsync(kernel, "/bin/mkdir", "/", "-p", directory);
            if (made.Status != 0)
                return new ProgramResult(name, -1, made.Output, $"mkdir: {made.Status}, {made.Error}");
            var run = await ProgramRun.InKernelAsync(kernel, $"/guest/{words[0]}", directory, words[1..]);
            return new ProgramResult(name, run.Status, run.Output, run.Error);
        }
        catch (TimeoutException)
        {
            return new ProgramResult(name, -1, "", "Did not end in time.");
        }
    }

    private static async Task WithSpinningGuestsAsync(string root, Action then)
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(root).Build();
        await kernel.BootAsync();
        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            var guest = kernel.Start(new GuestProcessStartInfo("/bin/sh", "-c", "echo; while :; do :; done"));
            await guest.StandardOutput.ReadLineAsync();
        }
        Print(new ProgramResult("spinning", Environment.ProcessorCount, "", ""));
        then();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Depth(int above)
    {
        Span<int> frame = stackalloc int[64];
        frame.Fill(above);
        return Depth(frame[above & 63] + 1) + frame[0];
    }

    /// <summary>What the host's console does at Ctrl-C: a signal to the process, which .NET turns into an event.</summary>
    private static void Interrupt()
    {
        using var came = new ManualResetEventSlim();
        using var registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            came.Set();
        });
        for (var i = 1; i <= 20; i++)
        {
            came.Reset();
            using var kill = Process.Start("/bin/kill", ["-INT", $"{Environment.ProcessId}"]);
            kill.WaitForExit();
            if (!came.Wait(TimeSpan.FromSeconds(10)))
                return;
            Print(new ProgramResult("interrupt", i, "", ""));
        }
    }

    private static async Task RefuseAsync(string root)
    {
        try
        {
            await using var kernel = Kernel.CreateBuilder().UseRewriting<ZpolineStrategy>().UseRootDirectory(root).Build();
            Print(new ProgramResult("boot", 0, "", ""));
        }
        catch (PlatformNotSupportedException refused)
        {
            Print(new ProgramResult("boot", 1, "", refused.Message));
        }
        try
        {
            Print(new ProgramResult("null", 0, $"{LengthOf(null)}", ""));
        }
        catch (NullReferenceException)
        {
            Print(new ProgramResult("null", 1, "", nameof(NullReferenceException)));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int LengthOf(string? text) => text!.Length;

    /// <summary>Threads of this process with a seccomp filter of their own or inherited.</summary>
    private static int FilteredThreads() => Directory.EnumerateDirectories("/proc/self/task").Count(IsFiltered);

    private static bool IsFiltered(string task)
    {
        try
        {
            return File.ReadLines(Path.Combine(task, "status")).Any(line => line.StartsWith("Seccomp_filters:", StringComparison.Ordinal) && line.Split('\t')[1] != "0");
        }
        catch (IOException)
        {
            return false; // it has ended meanwhile
        }
    }

    private static void Print(ProgramResult result)
    {
        Console.WriteLine(JsonSerializer.Serialize(result, ResultContext.Default.ProgramResult));
        Console.Out.Flush();
    }
}
