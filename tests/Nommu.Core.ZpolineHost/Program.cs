using System.Runtime.CompilerServices;
using System.Text.Json;
using Nommu.Core.Rewriter;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.ZpolineHost;

/// <summary>
/// A process of its own for zpoline, since page zero is gone from a process once it has been mapped. <c>run ROOT PROGRAMS NAME...</c> runs programs in one kernel and prints a line of JSON for each;
/// <c>refuse ROOT</c> boots without the opt-in and prints what came of it, then whether a null reference still throws.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["run", var root, var programs, .. var names]:
                await RunAsync(root, programs, names);
                return 0;
            case ["refuse", var root]:
                await RefuseAsync(root);
                return 0;
            default:
                await Console.Error.WriteLineAsync("run ROOT PROGRAMS NAME... | refuse ROOT");
                return 2;
        }
    }

    private static async Task RunAsync(string root, string programs, string[] names)
    {
        var builder = Kernel.CreateBuilder().UseRewriting<ZpolineStrategy>().UseRootDirectory(root).AddRootDirectory("/guest", programs);
        builder.Options.AllowZpolineToBreakNullReferenceExceptions = true;
        Kernel kernel;
        try
        {
            kernel = builder.Build();
        }
        catch (PlatformNotSupportedException refused)
        {
            Print(new ZpolineResult(null, -1, "", refused.Message));
            return;
        }
        await using (kernel)
        {
            await kernel.BootAsync();
            foreach (var name in names)
                Print(await RunOneAsync(kernel, name));
        }
    }

    private static async Task<ZpolineResult> RunOneAsync(Kernel kernel, string name)
    {
        try
        {
            var made = await ProgramRun.InKernelAsync(kernel, "/bin/mkdir", "/", "-p", $"/tmp/{name}");
            if (made.Status != 0)
                return new ZpolineResult(name, -1, made.Output, $"mkdir: {made.Status}, {made.Error}");
            var run = await ProgramRun.InKernelAsync(kernel, $"/guest/{name}", $"/tmp/{name}");
            return new ZpolineResult(name, run.Status, run.Output, run.Error);
        }
        catch (TimeoutException)
        {
            return new ZpolineResult(name, -1, "", "Did not end in time.");
        }
    }

    private static async Task RefuseAsync(string root)
    {
        try
        {
            await using var kernel = Kernel.CreateBuilder().UseRewriting<ZpolineStrategy>().UseRootDirectory(root).Build();
            Print(new ZpolineResult("boot", 0, "", ""));
        }
        catch (PlatformNotSupportedException refused)
        {
            Print(new ZpolineResult("boot", 1, "", refused.Message));
        }
        try
        {
            Print(new ZpolineResult("null", 0, $"{LengthOf(null)}", ""));
        }
        catch (NullReferenceException)
        {
            Print(new ZpolineResult("null", 1, "", nameof(NullReferenceException)));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int LengthOf(string? text) => text!.Length;

    private static void Print(ZpolineResult result)
    {
        Console.WriteLine(JsonSerializer.Serialize(result));
        Console.Out.Flush();
    }
}
