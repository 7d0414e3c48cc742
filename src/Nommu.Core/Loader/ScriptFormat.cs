using Nommu.Core.Abi;

namespace Nommu.Core.Loader;

/// <summary>Linux: fs/binfmt_script.c. <c>#!</c>, an interpreter and at most one argument, all within the file's first 256 bytes (execve(2), "Interpreter scripts").</summary>
internal sealed class ScriptFormat : IBinaryFormat
{
    /// <inheritdoc/>
    public string Name => "script";

    /// <inheritdoc/>
    public Result<LoadedImage> Load(ExecRequest request)
    {
        var head = request.Head;
        if (!head.StartsWith("#!"u8))
            return Errno.ENOEXEC;
        if (!TryParse(head[2..], out var interpreter, out var argument))
        {
            request.Reason = "its first line names no interpreter";
            return Errno.ENOEXEC;
        }
        // execveat(2): the interpreter would not find what it is told to open.
        if (request.PathInaccessible)
            return Errno.ENOENT;
        var path = interpreter.ToArray();
        request.Arguments.RemoveFirst();
        request.Arguments.Prepend(request.ExecutedName.Span);
        if (!argument.IsEmpty)
            request.Arguments.Prepend(argument);
        request.Arguments.Prepend(path);
        var error = ArgumentLimits.Check(request);
        return error == Errno.None ? request.LoadInstead(path) : error;
    }

    /// <summary>Cuts the line behind <c>#!</c>. A line longer than the head is cut off, unless that would cut the interpreter's path.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> interpreter, out ReadOnlySpan<byte> argument)
    {
        interpreter = argument = default;
        var end = text.IndexOf((byte)'\n');
        var line = end < 0 ? text : text[..end];
        var zero = line.IndexOf((byte)0);
        var isCut = end < 0 && zero < 0;
        if (zero >= 0)
            line = line[..zero];
        line = line.TrimStart(" \t"u8);
        var length = line.IndexOfAny((byte)' ', (byte)'\t');
        if (length < 0)
        {
            interpreter = isCut ? default : line;
            return !interpreter.IsEmpty;
        }
        interpreter = line[..length];
        argument = line[length..].Trim(" \t"u8);
        return !interpreter.IsEmpty;
    }
}
