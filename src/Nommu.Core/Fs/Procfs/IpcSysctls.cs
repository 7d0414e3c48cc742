using System.Buffers;
using System.Globalization;
using Nommu.Core.Abi;
using Nommu.Core.Ipc;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: ipc/ipc_sysctl.c: the limits of System V's IPC in /proc/sys/kernel.</summary>
internal static class IpcSysctls
{
    private static readonly SearchValues<byte> s_white = SearchValues.Create(" \t\n\v\f\r\0"u8);

    internal static void Fill(ProcfsSuperBlock fileSystem, PseudoDirectory kernel)
    {
        Add("shmmax", static limits => limits.SegmentSize, static (limits, value) => limits.SegmentSize = value);
        Add("shmall", static limits => limits.SegmentPages, static (limits, value) => limits.SegmentPages = value);
        AddInt("shmmni", static limits => limits.Segments, static (limits, value) => limits.Segments = value, IpcTableLimits.Most);
        AddInt("msgmax", static limits => limits.MessageSize, static (limits, value) => limits.MessageSize = value, int.MaxValue);
        AddInt("msgmnb", static limits => limits.QueueSize, static (limits, value) => limits.QueueSize = value, int.MaxValue);
        AddInt("msgmni", static limits => limits.Queues, static (limits, value) => limits.Queues = value, IpcTableLimits.Most);
        kernel.Add("sem", new SysctlFile(fileSystem, fileSystem.NextIno(), ShowSemaphores, StoreSemaphores));

        void Add(string name, Func<IpcLimits, ulong> get, Action<IpcLimits, ulong> set) => kernel.Add(name, new SysctlFile(
            fileSystem,
            fileSystem.NextIno(),
            (proc, text) => text.Add($"{get(proc.Machine.Ipc.Limits)}\n"),
            (proc, text) => Store(proc, text, set)));

        void AddInt(string name, Func<IpcLimits, int> get, Action<IpcLimits, int> set, int most) => kernel.Add(name, new SysctlFile(
            fileSystem,
            fileSystem.NextIno(),
            (proc, text) => text.Add($"{get(proc.Machine.Ipc.Limits)}\n"),
            (proc, text) => Store(proc, text, (limits, value) => set(limits, (int)value), (ulong)most)));
    }

    private static Errno Store(ProcfsSuperBlock fileSystem, ReadOnlySpan<byte> text, Action<IpcLimits, ulong> set, ulong most = ulong.MaxValue)
    {
        if (!TryRead(ref text, out var value) || value > most)
            return Errno.EINVAL;
        set(fileSystem.Machine.Ipc.Limits, value);
        return Errno.None;
    }

    private static void ShowSemaphores(ProcfsSuperBlock fileSystem, SeqText text)
    {
        var limits = fileSystem.Machine.Ipc.Limits;
        text.Add($"{limits.SetSize}\t{limits.Semaphores}\t{limits.Operations}\t{limits.Sets}\n");
    }

    /// <summary>Up to four numbers; those that are not written stay.</summary>
    private static Errno StoreSemaphores(ProcfsSuperBlock fileSystem, ReadOnlySpan<byte> text)
    {
        var limits = fileSystem.Machine.Ipc.Limits;
        Span<int> values = [limits.SetSize, limits.Semaphores, limits.Operations, limits.Sets];
        for (var i = 0; i < values.Length && !text.IsEmpty; i++)
        {
            if (!TryRead(ref text, out var value) || value > int.MaxValue)
                return Errno.EINVAL;
            values[i] = (int)value;
        }
        if (values[3] > IpcTableLimits.Most)
            return Errno.ERANGE;
        (limits.SetSize, limits.Semaphores, limits.Operations, limits.Sets) = (values[0], values[1], values[2], values[3]);
        return Errno.None;
    }

    /// <summary>Takes a number and the white space around it.</summary>
    private static bool TryRead(ref ReadOnlySpan<byte> text, out ulong value)
    {
        SkipWhite(ref text);
        var end = text.IndexOfAny(s_white);
        var length = end < 0 ? text.Length : end;
        var isNumber = ulong.TryParse(text[..length], NumberStyles.None, CultureInfo.InvariantCulture, out value);
        text = text[length..];
        SkipWhite(ref text);
        return isNumber;
    }

    private static void SkipWhite(ref ReadOnlySpan<byte> text)
    {
        var start = text.IndexOfAnyExcept(s_white);
        text = start < 0 ? default : text[start..];
    }
}
