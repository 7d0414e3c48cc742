using System.Buffers;
using System.Globalization;
using Nommu.Core.Abi;
using Nommu.Core.Ipc;
using Nommu.Core.Processes;

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
        kernel.Add("sem", new NamespaceSysctlFile<SystemVIpc>(fileSystem, fileSystem.NextIno(), Of, ShowSemaphores, StoreSemaphores));

        void Add(string name, Func<IpcLimits, ulong> get, Action<IpcLimits, ulong> set) => kernel.Add(name, new NamespaceSysctlFile<SystemVIpc>(
            fileSystem,
            fileSystem.NextIno(),
            Of,
            (ipc, text) => text.Add($"{get(ipc.Limits)}\n"),
            (ipc, text) => Store(ipc, text, set)));

        void AddInt(string name, Func<IpcLimits, int> get, Action<IpcLimits, int> set, int most) => kernel.Add(name, new NamespaceSysctlFile<SystemVIpc>(
            fileSystem,
            fileSystem.NextIno(),
            Of,
            (ipc, text) => text.Add($"{get(ipc.Limits)}\n"),
            (ipc, text) => Store(ipc, text, (limits, value) => set(limits, (int)value), (ulong)most)));
    }

    private static SystemVIpc Of(Machine machine, GuestThread? opener) => opener?.Ipc ?? machine.Ipc;

    private static Errno Store(SystemVIpc ipc, ReadOnlySpan<byte> text, Action<IpcLimits, ulong> set, ulong most = ulong.MaxValue)
    {
        if (!TryRead(ref text, out var value) || value > most)
            return Errno.EINVAL;
        set(ipc.Limits, value);
        return Errno.None;
    }

    private static void ShowSemaphores(SystemVIpc ipc, SeqText text)
    {
        var limits = ipc.Limits;
        text.Add($"{limits.SetSize}\t{limits.Semaphores}\t{limits.Operations}\t{limits.Sets}\n");
    }

    /// <summary>Up to four numbers; those that are not written stay.</summary>
    private static Errno StoreSemaphores(SystemVIpc ipc, ReadOnlySpan<byte> text)
    {
        var limits = ipc.Limits;
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
