using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Loader;

/// <summary>Linux: <c>search_binary_handler</c> of fs/exec.c: tries the formats in turn. One per kernel.</summary>
internal sealed class ProgramLoader
{
    /// <summary>Linux: a script may name a script five times over; then ELOOP (execve(2)).</summary>
    private const int DeepestNesting = 5;

    private readonly IBinaryFormat[] _formats;

    /// <param name="arena">Where programs are put.</param>
    /// <param name="formats">In the order they are tried; of two with one name the later stands in for the earlier.</param>
    internal ProgramLoader(Arena arena, IEnumerable<IBinaryFormat> formats)
    {
        Arena = arena;
        var chosen = new List<IBinaryFormat>();
        foreach (var format in formats)
        {
            var same = chosen.FindIndex(other => other.Name == format.Name);
            if (same >= 0)
                chosen[same] = format;
            else
                chosen.Add(format);
        }
        _formats = [.. chosen];
    }

    internal Arena Arena { get; }

    /// <summary>Told why a file was not loaded: path and reason.</summary>
    internal Action<string, string>? Refused { get; init; }

    /// <summary>Linux: <c>do_execveat_common</c> up to the point of no return: nothing of the caller's has changed when this fails.</summary>
    /// <param name="request">What to load; released here.</param>
    /// <returns>The program; any error of execve(2).</returns>
    internal Result<LoadedImage> Load(ExecRequest request)
    {
        try
        {
            if (request.Arguments.Count == 0)
                request.Arguments.Add(default); // Linux since 5.18: a program always has an argv[0]
            request.FirstStrings = request.Arguments.Count + request.Environment.Count;
            var error = ArgumentLimits.Check(request);
            if (error != Errno.None)
                return error;
            var loaded = Search(request, 0);
            if (loaded.Error == Errno.ENOEXEC)
                Refused?.Invoke(System.Text.Encoding.UTF8.GetString(request.ExecutedName.Span), request.Reason ?? "no format knows it");
            return loaded;
        }
        finally
        {
            request.Release();
        }
    }

    internal Result<LoadedImage> LoadNested(ExecRequest request) => Search(request, request.Depth + 1);

    private Result<LoadedImage> Search(ExecRequest request, int depth)
    {
        if (depth > DeepestNesting)
            return Errno.ELOOP;
        request.Depth = depth;
        var error = request.ReadHead();
        if (error != Errno.None)
            return error;
        foreach (var format in _formats)
        {
            var loaded = format.Load(request);
            if (loaded.Error != Errno.ENOEXEC)
                return loaded;
            if (request.Depth != depth)
                break; // the file has been exchanged for another, which nobody knows
        }
        return Errno.ENOEXEC;
    }
}
