using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Loader;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>call_usermodehelper</c>: a process that the kernel itself starts, at the wish of its host.</summary>
internal readonly struct ProcessStart(Machine machine)
{
    /// <exception cref="GuestException">It can't be executed.</exception>
    internal GuestProcess Start(GuestProcessStartInfo info, Action<GuestProcess>? prepare = null)
    {
        var path = info.FileName.Contains('/', StringComparison.Ordinal) ? info.FileName : FindInPath(info);
        var fs = machine.FileSystem.CreateContext();
        var files = new FileDescriptorTable();
        var streams = new StandardStreams(machine, fs, files);
        try
        {
            EnterDirectory(fs, info);
            streams.Open(info);
            return Run(new ProgramStart(path, Arguments(info), Environment(info), info.Credentials, fs, files), process =>
            {
                streams.Attach(process);
                prepare?.Invoke(process);
            });
        }
        catch
        {
            streams.Abandon();
            files.Release();
            fs.Release();
            throw;
        }
    }

    /// <summary>Loads a program and lets it run as a new process without parent.</summary>
    /// <param name="start">The program; context and descriptors become the process's.</param>
    /// <param name="prepare">Called with the process before it runs.</param>
    internal GuestProcess Run(in ProgramStart start, Action<GuestProcess>? prepare = null)
    {
        var caller = new FsCaller(start.Fs, start.Credentials);
        var path = Encoding.UTF8.GetBytes(start.Path);
        var opened = FileOpening.OpenForExec(caller, start.Fs.WorkingDirectory, path);
        if (!opened.TryGet(out var file))
            throw Failure(start.Path, opened.Error);
        var loaded = machine.Loader.Load(new ExecRequest(machine.Loader, caller, file, path, ArgumentStrings.From(start.Arguments), ArgumentStrings.From(start.Environment)));
        if (!loaded.TryGet(out var image))
            throw Failure(start.Path, loaded.Error);
        if (!machine.HostThreads.Take().TryGet(out var host))
        {
            image.Abandon();
            throw Failure(start.Path, Errno.EAGAIN);
        }
        Result<GuestProcess> made;
        GuestThread thread = null!;
        lock (machine.Tasks.Lock)
        {
            made = machine.IsHalting ? Errno.ESHUTDOWN : machine.Tasks.Add(null);
            if (made.TryGet(out var process))
            {
                thread = new GuestThread(machine.Arena.Memory, start.Files, start.Fs, start.Credentials) { Id = process.Id, Process = process, Clock = machine.Clock };
                process.Threads.Add(thread);
            }
        }
        if (!made.IsOk)
        {
            image.Abandon();
            machine.HostThreads.PutBack(host);
            throw Failure(start.Path, made.Error);
        }
        prepare?.Invoke(made.Value);
        thread.Begin(image, host);
        return made.Value;
    }

    private string FindInPath(GuestProcessStartInfo info)
    {
        var caller = new FsCaller(machine.FileSystem.CreateContext(), info.Credentials);
        try
        {
            foreach (var directory in (info.Environment.TryGetValue("PATH", out var path) ? path : "").Split(':'))
            {
                var candidate = directory.Length == 0 ? info.FileName : $"{directory}/{info.FileName}";
                if (!FileOpening.OpenForExec(caller, caller.Fs.WorkingDirectory, Encoding.UTF8.GetBytes(candidate)).TryGet(out var file))
                    continue;
                file.Release();
                return candidate;
            }
        }
        finally
        {
            caller.Fs.Release();
        }
        throw Failure(info.FileName, Errno.ENOENT);
    }

    private static void EnterDirectory(FsContext fs, GuestProcessStartInfo info)
    {
        var caller = new FsCaller(fs, info.Credentials);
        var found = caller.Resolve(fs.WorkingDirectory, Encoding.UTF8.GetBytes(info.WorkingDirectory));
        if (!found.TryGet(out var place))
            throw Failure(info.WorkingDirectory, found.Error);
        if (place.Inode is not DirectoryInode)
            throw Failure(info.WorkingDirectory, Errno.ENOTDIR);
        fs.SetWorkingDirectory(place);
    }

    private static IEnumerable<string> Arguments(GuestProcessStartInfo info) => info.ArgumentList.Prepend(info.ArgumentZero ?? info.FileName);

    private static IEnumerable<string> Environment(GuestProcessStartInfo info) => info.Environment.Select(variable => $"{variable.Key}={variable.Value}");

    internal static GuestException Failure(string path, Errno error) => new($"{path}: {error.Describe()} ({error})", error);
}

/// <summary>What <see cref="ProcessStart.Run"/> needs to know.</summary>
internal readonly record struct ProgramStart(
    string Path, IEnumerable<string> Arguments, IEnumerable<string> Environment, Credentials Credentials, FsContext Fs, FileDescriptorTable Files);
