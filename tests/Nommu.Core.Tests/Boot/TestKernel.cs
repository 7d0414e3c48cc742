using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Boot;

/// <summary>A booted kernel, and what a program says in it.</summary>
internal static class TestKernel
{
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Boots a kernel with the busybox root.</summary>
    internal static Task<Kernel> BootAsync(Action<KernelBuilder>? compose = null) => BootRootAsync(GuestPaths.Root, compose);

    /// <summary>Boots a kernel with the busybox root, and the programs of tests/guest in /guest.</summary>
    internal static Task<Kernel> BootWithProgramsAsync(Action<KernelBuilder>? compose = null) => BootAsync(builder =>
    {
        builder.AddRootDirectory("/guest", GuestPaths.Programs);
        compose?.Invoke(builder);
    });

    internal static async Task<Kernel> BootRootAsync(string root, Action<KernelBuilder>? compose = null)
    {
        var builder = Kernel.CreateBuilder().UseRootDirectory(root);
        compose?.Invoke(builder);
        var kernel = builder.Build();
        try
        {
            await kernel.BootAsync().WaitAsync(Longest);
            return kernel;
        }
        catch
        {
            await kernel.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a shell script prints, errors last; the script must end well.</summary>
    internal static async Task<string> ShellAsync(this Kernel kernel, string script)
    {
        var run = await ProgramRun.InKernelAsync(kernel, "/bin/sh", "/", "-c", script);
        Assert.That(run.Status, Is.Zero, $"{run.Output}{run.Error}");
        return run.Output + run.Error;
    }
}
