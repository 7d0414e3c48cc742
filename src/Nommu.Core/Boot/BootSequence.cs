using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Initramfs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Rewriter;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Boot;

/// <summary>Linux: <c>start_kernel</c> up to the start of init: says what the machine is, fills its root, mounts /dev.</summary>
internal sealed class BootSequence(IServiceProvider services)
{
    private readonly Machine _machine = services.GetRequiredService<Machine>();
    private readonly KernelCommandLine _line = services.GetRequiredService<KernelCommandLine>();
    private readonly KernelOptions _options = services.GetRequiredService<KernelOptions>();

    internal void Run(CancellationToken cancellationToken)
    {
        SayWhatWeAre();
        cancellationToken.ThrowIfCancellationRequested();
        FillRoot();
        cancellationToken.ThrowIfCancellationRequested();
        MountDevices();
        if (_line.IsReadOnly)
            _machine.FileSystem.Mounts.Root.Flags |= MountFlags.MS_RDONLY;
    }

    private void SayWhatWeAre()
    {
        var log = _machine.Logger;
        KernelLog.Banner(log, UtsNamespace.Release, typeof(Kernel).Assembly.GetName().Version?.ToString(3) ?? "0", _machine.Uts.Version);
        KernelLog.CommandLine(log, _line.Text);
        foreach (var word in _line.Complaints)
            KernelLog.Malformed(log, word);
        var arena = _machine.Arena;
        KernelLog.Memory(log, (ulong)arena.Limit * (Arena.PageSize >> 10), (arena.End - arena.Start) >> 20, arena.Start);
        KernelLog.SystemCalls(log, services.GetRequiredService<IRewritingStrategy>().Name, SyscallTable.Descriptions.Length);
    }

    private void FillRoot()
    {
        var source = _line.Root ?? _options.Root;
        var context = _machine.FileSystem.CreateContext();
        try
        {
            var caller = new FsCaller(context, Credentials.Root);
            if (source is not null)
                RootContent.Load(caller, source);
            foreach (var (path, addition) in _options.Additions)
                RootContent.Load(caller, addition, path);
        }
        finally
        {
            context.Release();
        }
        if (_options.HostRoot is { } host)
        {
            KernelLog.HostRoot(_machine.Logger, host);
            return;
        }
        var pages = services.GetRequiredService<PageStore>();
        KernelLog.Root(_machine.Logger, source ?? "empty", "tmpfs", (long)(pages.TotalPages - pages.FreePages) * (PageStore.PageSize >> 10));
    }

    /// <summary>Linux: CONFIG_DEVTMPFS_MOUNT: where the root has a /dev, the devices are in it before init starts. Differs: /proc and /dev/pts are mounted just so, since the first process may be any program: a shell on nommu starts itself anew through /proc/self/exe, and a host may give it a terminal.</summary>
    private void MountDevices()
    {
        if (Mount("devtmpfs", "/dev"u8))
        {
            KernelLog.DevtmpfsMounted(_machine.Logger);
            _ = Mount("devpts", "/dev/pts"u8);
        }
        _ = Mount("proc", "/proc"u8);
        if (_options.HostRoot is not null)
            MountOverHost();
    }

    /// <summary>What on a running system is its own, as its init would have mounted it: the host's is not the guests'.</summary>
    private void MountOverHost()
    {
        _ = Mount("sysfs", "/sys"u8);
        _ = Mount("tmpfs", "/run"u8, "mode=755"u8);
        _ = Mount("tmpfs", "/tmp"u8, "mode=1777"u8);
        _ = Mount("tmpfs", "/dev/shm"u8, "mode=1777"u8);
    }

    private bool Mount(string type, ReadOnlySpan<byte> path, ReadOnlySpan<byte> options = default)
    {
        var files = _machine.FileSystem;
        var context = files.CreateContext();
        try
        {
            var caller = new FsCaller(context, Credentials.Root);
            if (_options.HostRoot is not null)
                _ = NameCreation.MakeDirectory(caller, context.Root, path, (InodeMode)0x1ED);
            return caller.Resolve(context.Root, path).TryGet(out var place) && MountOperations.Perform(caller, place, Encoding.UTF8.GetBytes(type), type, MountFlags.None, options) == Errno.None;
        }
        finally
        {
            context.Release();
        }
    }
}
