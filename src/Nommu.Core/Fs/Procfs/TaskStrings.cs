using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: what a process keeps on its own stack and may change: arguments, environment, auxiliary vector; and its name.</summary>
internal static class TaskStrings
{
    /// <summary>No more is taken for arguments than execve(2) can have put there.</summary>
    private const ulong Longest = 8 << 20;

    internal static Errno ShowCommandLine(ProcTask task, SeqText text, GuestThread? opener)
    {
        if (task.RetainMemory() is not { } memory)
            return Errno.None;
        var layout = memory.Layout;
        var arguments = Read(memory, layout.ArgStart, layout.ArgEnd);
        // setproctitle(3) writes over the arguments, and once the last of their zeros is gone, its text ends somewhere in the environment (proc(5)).
        if (arguments.Length > 0 && arguments[^1] != 0 && layout.EnvStart == layout.ArgEnd)
            arguments = UpToZero([.. arguments, .. Read(memory, layout.EnvStart, layout.EnvEnd)]);
        text.Add(arguments);
        memory.Release();
        return Errno.None;
    }

    internal static Errno ShowEnvironment(ProcTask task, SeqText text, GuestThread? opener)
    {
        if (task.RetainMemory() is not { } memory)
            return Errno.None;
        text.Add(Read(memory, memory.Layout.EnvStart, memory.Layout.EnvEnd));
        memory.Release();
        return Errno.None;
    }

    internal static Errno ShowAuxiliaryVector(ProcTask task, SeqText text, GuestThread? opener)
    {
        if (task.RetainMemory() is not { } memory)
            return Errno.None;
        text.Add(memory.Layout.AuxiliaryVector);
        memory.Release();
        return Errno.None;
    }

    internal static Errno ShowName(ProcTask task, SeqText text, GuestThread? opener)
    {
        lock (task.Process.Tasks.Lock)
            text.Add($"{(task.FindThreadLocked()?.Name ?? task.Process.Name).AsSpan()}\n");
        return Errno.None;
    }

    private static byte[] Read(AddressSpace memory, ulong start, ulong end)
    {
        if (end <= start)
            return [];
        var bytes = new byte[Math.Min(end - start, Longest)];
        return bytes[..memory.ReadFrom(start, bytes)];
    }

    private static byte[] UpToZero(byte[] bytes)
    {
        var end = Array.IndexOf(bytes, (byte)0);
        return end < 0 ? bytes : bytes[..end];
    }
}
