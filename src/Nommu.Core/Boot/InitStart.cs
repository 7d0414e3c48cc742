using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Boot;

/// <summary>Linux: <c>kernel_init</c>: finds init and runs it with /dev/console as its standard streams.</summary>
internal sealed class InitStart(Machine machine, KernelCommandLine line)
{
    private static readonly string[] Usual = ["/sbin/init", "/etc/init", "/bin/init", "/bin/sh"];

    /// <exception cref="GuestException">None can be executed.</exception>
    internal GuestProcess Start()
    {
        if (line.Init is { } wanted)
            return TryStart(wanted, isWanted: true) ?? throw Panic($"Requested init {wanted} failed.", wanted);
        foreach (var path in Usual)
        {
            if (TryStart(path, isWanted: false) is { } process)
                return process;
        }
        throw Panic("No working init found.  Try passing init= option to kernel.", string.Join(", ", Usual));
    }

    private GuestProcess? TryStart(string path, bool isWanted)
    {
        var fs = machine.FileSystem.CreateContext();
        var files = new FileDescriptorTable();
        try
        {
            OpenConsole(fs, files);
            var start = new ProgramStart(path, line.InitArguments.Prepend(path), line.InitEnvironment, Credentials.Root, fs, files);
            KernelLog.RunInit(machine.Logger, path);
            return new ProcessStart(machine).Run(start, process => process.Signals.IsUnkillable = true);
        }
        catch (GuestException exception)
        {
            if (isWanted || exception.Error != Errno.ENOENT)
                KernelLog.InitFailed(machine.Logger, path, exception.Error);
            files.Release();
            fs.Release();
            return null;
        }
    }

    /// <summary>Where there is no console, init runs without open files, as Linux warns and lets it.</summary>
    private static void OpenConsole(FsContext fs, FileDescriptorTable files)
    {
        var opened = FileOpening.Open(new FsCaller(fs, Credentials.Root), fs.Root, "/dev/console"u8, OpenFlags.O_RDWR | OpenFlags.O_NOCTTY, default);
        if (!opened.TryGet(out var console))
            return;
        for (var i = 0; i < 3; i++)
            _ = files.Add(console.Retain(), closeOnExec: false);
        console.Release();
    }

    private GuestException Panic(string why, string tried)
    {
        KernelLog.Panic(machine.Logger, why);
        return new GuestException($"{why} Tried: {tried}.", Errno.ENOENT);
    }
}
