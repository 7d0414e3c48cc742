using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>/proc/PID/nommu, which Linux has not: for each mapping of program text how many system calls stand in its segment, and how they enter this kernel. Columns: addresses, sites, detoured, zpoline, trapped, path.</summary>
internal static class TaskRewriting
{
    internal static Errno Show(ProcTask task, SeqText text, GuestThread? opener)
    {
        if (task.RetainMemory() is not { } memory)
            return Errno.None;
        var root = (opener?.Fs ?? task.FindThread()?.Fs)?.Root ?? task.FileSystem.Machine.FileSystem.Root;
        foreach (var area in memory.Snapshot())
        {
            if (area.Text is not { } coverage)
                continue;
            text.Add($"{area.Start:x8}-{area.End:x8} {coverage.Sites} {coverage.Detoured} {coverage.Zpoline} {coverage.Trapped} ");
            text.AddEscaped(PathNaming.Describe(area.Path, root), "\n"u8);
            text.Add("\n"u8);
        }
        memory.Release();
        return Errno.None;
    }
}
