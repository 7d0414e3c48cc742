namespace Nommu.Core.Benchmarks;

/// <summary>One thing that is measured: what the guest program calls it, how often it is done in one run, and what one of it is.</summary>
/// <param name="Name">The row's name, which is the guest program's argument too.</param>
/// <param name="Iterations">How often it is done in one run: about a tenth of a second natively.</param>
/// <param name="Program">The guest program that does it.</param>
internal sealed record Row(string Name, int Iterations, string Program = "bench")
{
    internal static Row[] All { get; } =
    [
        new("getpid", 1_000_000),
        new("getppid", 1_000_000),
        new("slow-path", 500_000),
        new("slow-path-avx", 500_000, "bench-avx"),
        new("trap", 50_000),
        new("signal", 50_000),
        new("futex-pingpong", 20_000),
        new("thread", 5_000),
        new("read", 500_000),
        new("write", 500_000),
        new("stat", 100_000),
        new("open-close", 100_000),
        new("select-10", 100_000),
        new("select-100", 20_000),
        new("select-1000", 2_000),
        new("pipe-pingpong", 20_000),
        new("vfork-execve", 1_000),
        new("vfork-execve-dynamic", 500),
        new("vfork-sh", 200),
        new("fork-exit", 500),
        new("fork-execve", 500),
        new("fork-sh", 200),
        new("fork-switch-32m", 300),
        new("mmap-munmap-64k", 2_000),
        new("brk-grow", 2_000),
    ];
}

/// <summary>What a row came to.</summary>
/// <param name="Name">The row.</param>
/// <param name="NativeNs">Median of the host's Linux, per iteration; null where there is no such thing.</param>
/// <param name="KernelNs">Median in the kernel.</param>
/// <param name="Ratio">Kernel by native.</param>
/// <param name="Spread">Of the kernel's runs: (largest - smallest) by median.</param>
internal sealed record Measurement(string Name, double? NativeNs, double KernelNs, double? Ratio, double Spread);
