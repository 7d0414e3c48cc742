using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Loader;

/// <summary>Linux: <c>struct linux_binprm</c>. What a binary format gets to work with.</summary>
public sealed class ExecRequest
{
    /// <summary>Linux: BINPRM_BUF_SIZE.</summary>
    internal const int HeadSize = 256;

    private readonly byte[] _head = new byte[HeadSize];

    internal ExecRequest(ProgramLoader loader, FsCaller caller, FileDescription file, byte[] fileName, ArgumentStrings arguments, ArgumentStrings environment)
    {
        (Loader, Caller, File, FileName, ExecutedName, Arguments, Environment) = (loader, caller, file, fileName, fileName, arguments, environment);
    }

    /// <summary>The file to load. Belongs to the request.</summary>
    public FileDescription File { get; private set; }

    /// <summary>The path as execve(2) got it, or what Linux makes of a descriptor (<c>/dev/fd/5/name</c>): AT_EXECFN, and what a script's interpreter is told to open.</summary>
    public ReadOnlyMemory<byte> FileName { get; }

    /// <summary>The path of <see cref="File"/>: <see cref="FileName"/>, or that of the interpreter which a script names.</summary>
    public ReadOnlyMemory<byte> ExecutedName { get; private set; }

    /// <summary>Arguments; a format may change them before it hands on.</summary>
    public ArgumentStrings Arguments { get; }

    /// <summary>Environment.</summary>
    public ArgumentStrings Environment { get; }

    /// <summary>The file's first bytes, zeros behind its end.</summary>
    public ReadOnlySpan<byte> Head => _head;

    /// <summary>How many arguments and variables there were before any format changed them.</summary>
    internal int FirstStrings { get; set; }

    internal ProgramLoader Loader { get; }

    internal FsCaller Caller { get; }

    /// <summary>Makes new memory have the fixed addresses in turn with the program that is there; false where there is none in this kernel. Null for who can't wait for a turn.</summary>
    internal Func<Memory.AddressSpace, bool>? JoinFixed { get; set; }

    /// <summary>RLIMIT_STACK of the caller, from which the limit on arguments follows.</summary>
    internal ulong StackLimit { get; init; } = 8 << 20;

    /// <summary>True where the path can't be opened by the interpreter, as it names a descriptor that execve closes (execveat(2), ENOENT).</summary>
    internal bool PathInaccessible { get; init; }

    /// <summary>Linux: <c>bprm_creds_from_file</c>: whose rights the program gets. The set-id bits and capabilities of <see cref="File"/> count, so those of a script do not and those of its interpreter do.</summary>
    internal ExecCredentials Credentials => ExecCredentials.Of(Caller.Credentials, File, IgnoresSetId);

    /// <summary>prctl(PR_SET_NO_NEW_PRIVS).</summary>
    internal bool IgnoresSetId { get; init; }

    /// <summary>How many programs were exchanged for another (<see cref="LoadInstead"/>).</summary>
    internal int Depth { get; set; }

    /// <summary>Why the last format refused, for the log.</summary>
    internal string? Reason { get; set; }

    /// <summary>Linux: setting <c>bprm-&gt;interpreter</c>: the program to be loaded is another one, which finds out from its arguments what to do.</summary>
    /// <param name="path">Its path, found as the caller would find it.</param>
    /// <returns>What the other program loads as; errors of opening it.</returns>
    public Result<LoadedImage> LoadInstead(ReadOnlySpan<byte> path)
    {
        var opened = FileOpening.OpenForExec(Caller, Caller.Fs.WorkingDirectory, path);
        if (!opened.TryGet(out var file))
            return opened.Error;
        File.Release();
        File = file;
        ExecutedName = path.ToArray();
        return Loader.LoadNested(this);
    }

    /// <summary>Reads <see cref="Head"/>.</summary>
    internal Errno ReadHead()
    {
        _head.AsSpan().Clear();
        var done = 0;
        while (done < HeadSize)
        {
            var to = new Memory.IoVector(_head.AsSpan(done));
            var read = File.ReadAt(ref to, done);
            if (!read.TryGet(out var count))
                return read.Error;
            if (count == 0)
                break;
            done += (int)count;
        }
        return Errno.None;
    }

    internal void Release() => File.Release();
}
