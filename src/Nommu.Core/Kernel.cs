using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Nommu.Core.Boot;
using Nommu.Core.Debugging;
using Nommu.Core.Diagnostics;
using Nommu.Core.Drivers.Tty;
using Nommu.Core.Execution;
using Nommu.Core.Fs;
using Nommu.Core.Loader;
using Nommu.Core.Processes;
using Nommu.Core.Rewriter;
using Nommu.Core.Syscalls;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core;

/// <summary>A nommu Linux machine in this process. Boot it, start processes in it, dispose of it.</summary>
/// <remarks>Several live side by side and share nothing but emitted code. All members may be called from any thread.</remarks>
public sealed class Kernel : IAsyncDisposable, IDisposable
{
    private readonly KernelServices _services;
    private readonly Machine _machine;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<HaltReason> _halted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _boot;
    private Task? _disposal;

    internal Kernel(KernelServices services)
    {
        _services = services;
        try
        {
            _ = ExecutionRuntime.Instance; // refuses what the host can't do before anything is promised
            services.GetRequiredService<HostLog>().Follow(services.GetRequiredService<LogBuffer>());
            _machine = services.GetRequiredService<Machine>();
            services.GetRequiredService<SyscallTracing>().StartAll(services.GetRequiredService<KernelOptions>());
            new ConsoleLog(_machine, CommandLine).Follow();
            _machine.HaltRequested = reason => Halt(reason);
        }
        catch
        {
            services.Dispose();
            throw;
        }
    }

    /// <summary>Begins to compose a kernel without a container.</summary>
    /// <returns>The builder.</returns>
    public static KernelBuilder CreateBuilder() => new();

    /// <summary>The kernel's services: what <see cref="DefaultSubsystems"/> lists and what the host has added.</summary>
    public IServiceProvider Services => _services;

    /// <summary>What was said at boot.</summary>
    public KernelCommandLine CommandLine => _services.GetRequiredService<KernelCommandLine>();

    /// <summary>Its devices; they may come and go while it runs.</summary>
    public DeviceTable Devices => _machine.FileSystem.Devices;

    /// <summary>Every system call there is in Linux, with what this kernel makes of it.</summary>
    public IReadOnlyList<SystemCallInfo> SystemCalls => _services.GetRequiredService<SyscallDispatcher>().List();

    /// <summary>The programs and libraries that this kernel has rewritten and keeps, with what became of the system calls in them.</summary>
    public IReadOnlyList<RewrittenFile> RewrittenFiles => _services.GetRequiredService<ProgramTexts>().Files;

    /// <summary>Ends when the machine has been halted: by reboot(2), by the end of init, or by <see cref="Halt"/> or disposal.</summary>
    public Task<HaltReason> Halted => _halted.Task;

    internal Machine Machine => _machine;

    /// <summary>Fills the root file system and mounts /dev. Processes can be started afterwards.</summary>
    /// <param name="cancellationToken">Gives up between two steps.</param>
    /// <returns>A task; the same for all callers.</returns>
    /// <exception cref="IOException">The root can't be read or does not fit.</exception>
    /// <exception cref="InvalidDataException">The root is an archive that is damaged or of an unknown kind.</exception>
    public Task BootAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            return _boot ??= Task.Run(() => new BootSequence(_services).Run(cancellationToken), cancellationToken);
        }
    }

    /// <summary>Starts a process, a session of its own with no parent.</summary>
    /// <param name="info">What to run and how.</param>
    /// <returns>The running process.</returns>
    /// <exception cref="GuestException">The program can't be executed; its message says why.</exception>
    /// <exception cref="InvalidOperationException">The kernel has not booted or is halting.</exception>
    public GuestProcess Start(GuestProcessStartInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        RequireBooted();
        return new ProcessStart(_machine).Start(info);
    }

    /// <summary>Starts init as Linux does: the program that <c>init=</c> names, or the first of /sbin/init, /etc/init, /bin/init and /bin/sh that there is, with the console as its standard streams. When it ends, the kernel halts.</summary>
    /// <returns>Process 1.</returns>
    /// <exception cref="GuestException">None of them can be executed; its message lists them.</exception>
    /// <exception cref="InvalidOperationException">The kernel has not booted, or a process has been started already.</exception>
    public GuestProcess StartInit()
    {
        RequireBooted();
        var init = new InitStart(_machine, CommandLine).Start();
        _ = init.WaitForExitAsync().ContinueWith(_ => Halt(HaltReason.InitExited), TaskScheduler.Default);
        return init;
    }

    /// <summary>Starts a process for gdb to look at: it is stopped before its first instruction, until gdb comes (<c>target remote</c>) and lets it go on.</summary>
    /// <param name="info">What to run and how.</param>
    /// <param name="endPoint">Where to listen: an address and a port (0 for any), or a path (<see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>). Whoever can reach it can do anything to the guest.</param>
    /// <returns>The server; disposing of it lets the process go on without gdb.</returns>
    /// <exception cref="GuestException">The program can't be executed; its message says why.</exception>
    /// <exception cref="InvalidOperationException">The kernel has not booted or is halting.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The host does not let us listen there.</exception>
    public GdbServer StartUnderDebugger(GuestProcessStartInfo info, EndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(endPoint);
        RequireBooted();
        return GdbServer.Start(_machine, info, endPoint);
    }

    /// <summary>Stops a process for gdb to look at, until gdb comes and lets it go on.</summary>
    /// <param name="process">One of this kernel's.</param>
    /// <param name="endPoint">Where to listen, as for <see cref="StartUnderDebugger"/>.</param>
    /// <returns>The server; disposing of it lets the process go on without gdb.</returns>
    /// <exception cref="InvalidOperationException">The process has ended, or is debugged already.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The host does not let us listen there.</exception>
    public GdbServer AttachDebugger(GuestProcess process, EndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(endPoint);
        return GdbServer.Attach(process, endPoint);
    }

    /// <summary>Begins to trace system calls, in the manner of strace(1). Several traces may be under way; without one, calls cost what they cost.</summary>
    /// <param name="options">What is shown, and where it goes. What is changed in it later changes nothing.</param>
    /// <returns>To be disposed of to end the trace. Calls that are under way at the beginning or the end are not seen whole.</returns>
    /// <exception cref="ArgumentException"><see cref="SyscallTraceOptions.Calls"/> names what there is not.</exception>
    public IDisposable StartTrace(SyscallTraceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return _services.GetRequiredService<SyscallTracing>().Start(options);
    }

    /// <summary>Makes a terminal that the host has the other end of: for <see cref="GuestProcessStartInfo.Terminal"/>.</summary>
    /// <returns>The terminal; the caller disposes of it.</returns>
    /// <exception cref="InvalidOperationException">There are too many.</exception>
    public GuestTerminal CreateTerminal() => Terminals.CreateTerminal(_machine.FileSystem);

    /// <summary>Takes the other end of the console: of /dev/console, where init's standard streams lead, and of the line behind it, /dev/ttyS0. While nobody has it, the last of what was written is kept.</summary>
    /// <returns>The terminal; disposing of it leaves the console to itself.</returns>
    public GuestTerminal ConnectConsole() => Terminals.ConnectConsole(_machine.FileSystem);

    private TerminalDriver Terminals => _services.GetRequiredService<TerminalDriver>();

    /// <summary>Ends every process and lets no more start.</summary>
    /// <param name="reason">What <see cref="Halted"/> says.</param>
    public void Halt(HaltReason reason = HaltReason.PowerOff)
    {
        if (_machine.BeginHalt())
            KernelLog.Halted(_machine.Logger, reason.ToString());
        _halted.TrySetResult(reason);
    }

    /// <summary>Ends every process and gives all threads, memory and descriptors back.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Ends every process and gives all threads, memory and descriptors back.</summary>
    /// <returns>A task that ends when everything has been given back.</returns>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
            return new ValueTask(_disposal ??= Task.Run(DisposeOnce));
    }

    private async Task DisposeOnce()
    {
        if (_boot is { } boot)
            await boot.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        Halt();
        _machine.HostThreads.Close();
        _machine.FileSystem.Mounts.Clear();
        _services.Dispose();
    }

    private void RequireBooted()
    {
        ObjectDisposedException.ThrowIf(_disposal is not null, this);
        if (_boot is not { IsCompletedSuccessfully: true })
            throw new InvalidOperationException("The kernel has not booted.");
    }
}
