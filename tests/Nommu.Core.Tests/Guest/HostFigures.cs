using Microsoft.Extensions.DependencyInjection;
using Nommu.Core.Fs;

namespace Nommu.Core.Tests.Guest;

/// <summary>What this process has of the host's, and what a kernel in it has in use: it must not grow with what guests have done.</summary>
internal sealed record HostFigures
{
    private const string Runtime = ".NET";

    /// <summary>Less than a pipeline has processes, far less than a pool keeps.</summary>
    private const int PoolGrowth = 3;

    /// <summary>Threads of ours, apart from the kernel's pool; the runtime's own come and go.</summary>
    internal required int Threads { get; init; }

    /// <summary>The kernel's pool keeps as many as it once needed at the same time, which chance has a part in.</summary>
    internal int PooledThreads { get; private init; }

    internal required int Descriptors { get; init; }

    /// <summary>Pieces that the host has our address space in (vm.max_map_count).</summary>
    internal required int Mappings { get; init; }

    internal required long ResidentKilobytes { get; init; }

    internal long ChargedPages { get; private init; }

    internal int FilePages { get; private init; }

    internal int Processes { get; private init; }

    internal static HostFigures Now(Kernel? kernel = null)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var pooled = kernel?.Machine.HostThreads.Count ?? 0;
        var pages = kernel?.Services.GetRequiredService<PageStore>();
        return new HostFigures
        {
            Threads = Directory.EnumerateDirectories("/proc/self/task").Count(task => !Name(task).StartsWith(Runtime, StringComparison.Ordinal)) - pooled,
            PooledThreads = pooled,
            Descriptors = Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(descriptor => !IsOfAssembly(descriptor)),
            Mappings = File.ReadLines("/proc/self/maps").Count(),
            ResidentKilobytes = long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim()),
            ChargedPages = kernel?.Machine.Arena.Charged ?? 0,
            FilePages = pages is null ? 0 : pages.TotalPages - pages.FreePages,
            Processes = kernel?.Machine.Tasks.Count ?? 0,
        };
    }

    /// <summary>Looks until nothing is more than it was, for as long as what has ended may take to be gone.</summary>
    internal static async Task AssertNoGrowthAsync(HostFigures before, Kernel? kernel = null, int mappings = 256, int kilobytes = 16 << 10, int pooled = PoolGrowth)
    {
        HostFigures now;
        for (var patience = 100; !((now = Now(kernel)).IsWithin(before, mappings, kilobytes, pooled)) && patience > 0; patience--)
            await Task.Delay(50);
        TestContext.Out.WriteLine($"before {before}\nafter  {now}");
        Assert.That(now.IsWithin(before, mappings, kilobytes, pooled), $"before {before}, after {now}");
    }

    public override string ToString() =>
        $"{Threads} threads and {PooledThreads} of the pool, {Descriptors} descriptors, {Mappings} mappings, {ResidentKilobytes} KB resident; guests: {ChargedPages} pages, {FilePages} pages of files, {Processes} processes";

    private bool IsWithin(HostFigures before, int mappings, int kilobytes, int pooled) =>
        Threads <= before.Threads && PooledThreads <= before.PooledThreads + pooled && Descriptors <= before.Descriptors && Mappings <= before.Mappings + mappings && ResidentKilobytes <= before.ResidentKilobytes + kilobytes
        && ChargedPages <= before.ChargedPages && FilePages <= before.FilePages && Processes <= before.Processes;

    /// <summary>The runtime keeps those of what it has loaded, which it does when something is first needed.</summary>
    private static bool IsOfAssembly(string descriptor) => new FileInfo(descriptor).LinkTarget?.EndsWith(".dll", StringComparison.Ordinal) == true;

    private static string Name(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm"));
        }
        catch (IOException)
        {
            return Runtime; // gone meanwhile
        }
    }
}
