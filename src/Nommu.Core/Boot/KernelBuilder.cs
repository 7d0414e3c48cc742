using Microsoft.Extensions.DependencyInjection;
using Nommu.Core.Boot;

namespace Nommu.Core;

/// <summary>Composes a <see cref="Kernel"/>: options, and services that stand beside or in the place of the default ones (<see cref="DefaultSubsystems"/>).</summary>
public sealed class KernelBuilder
{
    private readonly IServiceProvider? _host;

    internal KernelBuilder(IServiceProvider? host = null) => _host = host;

    /// <summary>The kernel's own services: singletons. A registration here wins over the default one.</summary>
    public IServiceCollection Services { get; } = new ServiceCollection();

    /// <summary>Everything that is not a service.</summary>
    public KernelOptions Options { get; } = new();

    /// <summary>Puts the kernel together. It does nothing yet: see <see cref="Kernel.BootAsync"/>.</summary>
    /// <returns>The kernel, to be disposed of.</returns>
    /// <exception cref="PlatformNotSupportedException">The host is not x86-64 Linux, or lacks what a guest needs.</exception>
    /// <exception cref="InsufficientMemoryException">The host has no address space for guests.</exception>
    public Kernel Build()
    {
        var services = new ServiceCollection();
        foreach (var descriptor in Services)
            services.Insert(services.Count, descriptor);
        var options = new KernelOptions
        {
            CommandLine = Options.CommandLine,
            Root = Options.Root,
            HostRoot = Options.HostRoot,
            Memory = Options.Memory,
            TraceSystemCalls = Options.TraceSystemCalls,
            TraceOutput = Options.TraceOutput,
            ReportCrashes = Options.ReportCrashes,
            RememberSystemCalls = Options.RememberSystemCalls,
            AllowZpolineToBreakNullReferenceExceptions = Options.AllowZpolineToBreakNullReferenceExceptions,
        };
        foreach (var addition in Options.Additions)
            options.Additions.Add(addition);
        foreach (var trace in Options.Traces)
            options.Traces.Add(trace);
        DefaultSubsystems.AddTo(services, options);
        return new Kernel(new KernelServices(services, _host));
    }
}
