using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nommu.Core.Debugging;
using Nommu.Core.Diagnostics;
using Nommu.Core.Drivers.Char;
using Nommu.Core.Drivers.Tty;
using Nommu.Core.Execution;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Devpts;
using Nommu.Core.Fs.Devtmpfs;
using Nommu.Core.Fs.Overlayfs;
using Nommu.Core.Fs.Procfs;
using Nommu.Core.Fs.Sysfs;
using Nommu.Core.Fs.Tmpfs;
using Nommu.Core.Loader;
using Nommu.Core.Memory;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Net.Unix;
using Nommu.Core.Processes;
using Nommu.Core.Rewriter;
using Nommu.Core.Signals;
using Nommu.Core.Syscalls;
using Nommu.Core.Syscalls.Tracing;
using Nommu.Core.Time;

namespace Nommu.Core.Boot;

/// <summary>What a kernel consists of: the table of contents. Whatever a host has registered for a service stands in for what is added here; of services there are many of, a host's come behind ours and win by their name.</summary>
public static class DefaultSubsystems
{
    internal static void AddTo(IServiceCollection services, KernelOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(_ => KernelCommandLine.Parse(options.CommandLine));
        AddTime(services);
        AddDiagnostics(services);
        AddMemory(services);
        AddFiles(services);
        AddSockets(services);
        AddPrograms(services);
        AddProcesses(services);
    }

    private static void AddTime(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(s => new KernelClock(s.GetRequiredService<TimeProvider>()));
    }

    private static void AddDiagnostics(IServiceCollection services)
    {
        services.AddSingleton(s => new LogBuffer(s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new KernelLogger(s.GetRequiredService<LogBuffer>()));
        services.AddSingleton(s => new HostLog(s.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance));
    }

    private static void AddMemory(IServiceCollection services)
    {
        services.AddSingleton(s => new MemoryAccount((long)((s.GetRequiredService<KernelCommandLine>().Memory ?? s.GetRequiredService<KernelOptions>().Memory) / Arena.PageSize)));
        services.AddSingleton(s => new Arena(s.GetRequiredService<MemoryAccount>()) { KeepsAddresses = ExecutionRuntime.Instance.Trap.KeepsAddresses });
        services.AddSingleton(s => new PageStore(s.GetRequiredService<Arena>().Limit * (long)Arena.PageSize, s.GetRequiredService<MemoryAccount>()));
    }

    private static void AddFiles(IServiceCollection services)
    {
        Prepend<IFileSystemType>(services, s => new TmpfsType(s.GetRequiredService<PageStore>()));
        Prepend<IFileSystemType>(services, s => new DevtmpfsType(s.GetRequiredService<PageStore>(), s.GetRequiredService<DeviceTable>()));
        Prepend<IFileSystemType>(services, _ => new OverlayType());
        services.AddSingleton(_ => new DevptsType());
        Prepend<IFileSystemType>(services, s => s.GetRequiredService<DevptsType>());
        services.AddSingleton(s => new TerminalDriver(s.GetRequiredService<TaskTable>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<DevptsType>(), s.GetRequiredService<DeviceTable>()));
        Prepend<IFileSystemType>(services, s => new ProcfsType(s.GetRequiredService<Machine>));
        Prepend<IFileSystemType>(services, s => new SysfsType(s.GetRequiredService<DeviceTable>()));
        services.AddSingleton(MakeDeviceTable);
        services.AddSingleton(s => new VirtualFileSystem(
            s.GetServices<IFileSystemType>(), "tmpfs", "mode=755"u8, s.GetRequiredService<DeviceTable>(), s.GetRequiredService<TimeProvider>(), HostRoot(s)));
    }

    private static HostRootType? HostRoot(IServiceProvider services) =>
        services.GetRequiredService<KernelOptions>().HostRoot is { } directory ? new HostRootType(directory, new OverlayType(), new TmpfsType(services.GetRequiredService<PageStore>())) : null;

    private static void AddSockets(IServiceCollection services)
    {
        Prepend<ISocketFamily>(services, _ => new UnixFamily());
        services.AddSingleton(s => new SocketFamilies(s.GetServices<ISocketFamily>()));
    }

    private static void AddPrograms(IServiceCollection services)
    {
        services.TryAddSingleton<IRewritingStrategy, DetourStrategy>();
        services.AddSingleton(_ => new RewrittenImageStore());
        services.AddSingleton(s => new RewrittenImageCache(s.GetRequiredService<RewrittenImageStore>(), s.GetRequiredService<IRewritingStrategy>()));
        services.AddSingleton(s => new ProgramTexts(s.GetRequiredService<Arena>(), s.GetRequiredService<RewrittenImageCache>())
        {
            Rewrote = (file, image) => LogCoverage(s.GetRequiredService<KernelLogger>(), file, image),
        });
        Prepend<IBinaryFormat>(services, _ => new ScriptFormat());
        services.AddSingleton(s => new Vdso(s.GetRequiredService<Arena>(), s.GetRequiredService<KernelClock>()));
        Prepend<IBinaryFormat>(services, s => new ElfFormat(s.GetRequiredService<Arena>(), s.GetRequiredService<ProgramTexts>(), s.GetRequiredService<Vdso>(), new ElfFormatOptions()));
        services.AddSingleton(s => new ProgramLoader(s.GetRequiredService<Arena>(), s.GetServices<IBinaryFormat>())
        {
            Refused = (path, reason) => KernelLog.NotLoaded(s.GetRequiredService<KernelLogger>(), path, reason),
        });
    }

    private static void LogCoverage(KernelLogger logger, FileDescription file, RewrittenImage image)
    {
        if (!logger.IsEnabled(LogLevel.Debug))
            return;
        var sites = image.Texts.Sum(text => text.Coverage.Sites.Count);
        var trapped = image.Texts.Sum(text => text.Coverage.Count(SiteRung.Trap));
        KernelLog.Rewrote(logger, PathNaming.DescribeAsText(file.Path), sites, sites - trapped, trapped);
    }

    private static void AddProcesses(IServiceCollection services)
    {
        services.AddSingleton(_ => new TaskTable(new ProcessSignals()));
        services.AddSingleton(MakeDispatcher);
        services.AddSingleton(s => new HostThreadPool(new RunLoop(s.GetRequiredService<SyscallDispatcher>()), s.GetRequiredService<Arena>()) { KeepsHistory = s.GetRequiredService<KernelOptions>().RememberSystemCalls });
        services.AddSingleton(MakeMachine);
        services.AddSingleton(s => new SyscallTracing(s.GetRequiredService<SyscallDispatcher>(), s.GetRequiredService<Machine>(), s.GetRequiredService<HostLog>().SystemCalls));
    }

    private static DeviceTable MakeDeviceTable(IServiceProvider services)
    {
        var devices = new DeviceTable();
        foreach (var device in services.GetServices<DeviceRegistration>().Reverse())
            _ = devices.Add(device.Name, device.Driver, device.Mode); // of two with one name the later wins
        DefaultCharacterDevices.AddTo(devices, services.GetRequiredService<LogBuffer>());
        return devices;
    }

    private static SyscallDispatcher MakeDispatcher(IServiceProvider services)
    {
        var dispatcher = new SyscallDispatcher(services.GetRequiredService<KernelLogger>());
        foreach (var call in services.GetServices<SystemCallRegistration>())
            call.AddTo(dispatcher);
        return dispatcher;
    }

    private static Machine MakeMachine(IServiceProvider services)
    {
        if (services.GetRequiredService<IRewritingStrategy>() is ZpolineStrategy)
            _ = ZpolineTrampoline.Ensure(services.GetRequiredService<KernelOptions>().AllowZpolineToBreakNullReferenceExceptions);
        var tasks = services.GetRequiredService<TaskTable>();
        tasks.MaximumThreads = TaskTable.MostThreads((ulong)services.GetRequiredService<Arena>().Account.Limit * Arena.PageSize);
        return tasks.Machine = new Machine
        {
            Tasks = tasks,
            Arena = services.GetRequiredService<Arena>(),
            FileSystem = services.GetRequiredService<VirtualFileSystem>(),
            Clock = services.GetRequiredService<KernelClock>(),
            Loader = services.GetRequiredService<ProgramLoader>(),
            Log = services.GetRequiredService<LogBuffer>(),
            HostThreads = services.GetRequiredService<HostThreadPool>(),
            SocketFamilies = services.GetRequiredService<SocketFamilies>(),
            Terminals = services.GetRequiredService<TerminalDriver>(),
            Logger = services.GetRequiredService<KernelLogger>(),
            ProgramLog = services.GetRequiredService<HostLog>().Programs,
            Dies = services.GetRequiredService<KernelOptions>().ReportCrashes ? new CrashReporter(services.GetRequiredService<HostLog>().Crashes).Report : null,
            CommandLine = services.GetRequiredService<KernelCommandLine>().Text,
        };
    }

    /// <summary>Before what the host has registered, so that the host's is the later one.</summary>
    private static void Prepend<T>(IServiceCollection services, Func<IServiceProvider, T> make) where T : class =>
        services.Insert(0, ServiceDescriptor.Singleton(make));
}
