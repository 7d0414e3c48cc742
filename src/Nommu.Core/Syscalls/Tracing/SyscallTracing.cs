using Microsoft.Extensions.Logging;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls.Tracing;

/// <summary>The traces of a kernel that are under way. While there are none nobody asks here: the dispatcher and the machine have no reference to it.</summary>
internal sealed class SyscallTracing(SyscallDispatcher dispatcher, Machine machine, ILogger logger) : ITaskObserver
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, SyscallDescription> _known = SyscallTable.Descriptions.ToDictionary(call => call.Number);
    private volatile SyscallTrace[] _traces = [];

    /// <summary>Begins a trace.</summary>
    /// <exception cref="ArgumentException">The filter is not understood.</exception>
    internal SyscallTrace Start(SyscallTraceOptions options)
    {
        var own = options.Copy();
        if (own is { Output: null, Line: null, Event: null })
            own.Logger ??= logger;
        var trace = new SyscallTrace(own, Remove);
        Set(traces => [.. traces, trace]);
        return trace;
    }

    /// <summary>Those that were asked for before the kernel was there.</summary>
    internal void StartAll(KernelOptions options)
    {
        foreach (var trace in options.Traces)
            _ = Start(trace);
        if (options.TraceSystemCalls)
            _ = Start(new SyscallTraceOptions { Line = options.TraceOutput });
    }

    private void Remove(SyscallTrace trace) => Set(traces => [.. traces.Where(other => other != trace)]);

    private void Set(Func<SyscallTrace[], SyscallTrace[]> change)
    {
        lock (_lock)
        {
            _traces = change(_traces);
            dispatcher.Tracing = _traces.Length > 0 ? this : null;
            machine.Observer = _traces.Length > 0 ? this : null;
        }
        machine.HostThreads.KickAll();
    }

    /// <summary>Makes a call and shows it.</summary>
    internal SyscallResult Run(GuestThread thread, int number, in SyscallArguments arguments, SyscallHandler handler)
    {
        var traces = _traces;
        var call = Find(number);
        var entries = new TraceEntry?[traces.Length];
        for (var i = 0; i < traces.Length; i++)
            entries[i] = traces[i].Enter(thread, call, arguments);
        var result = handler(thread, arguments);
        for (var i = 0; i < traces.Length; i++)
        {
            if (entries[i] is { } entry)
                traces[i].Leave(entry, result);
        }
        return result;
    }

    public void Made(GuestProcess parent, GuestProcess child) => Each(trace => trace.Made(parent, child));

    public void Executed(GuestThread thread) => Each(trace => trace.Executed(thread));

    public void Resumed(GuestThread parent, int child) => Each(trace => trace.Resumed(parent, child));

    public void SignalTaken(GuestThread thread, in Siginfo info)
    {
        foreach (var trace in _traces)
            trace.SignalTaken(thread, info);
    }

    public void Stopped(GuestThread thread, Signal signal) => Each(trace => trace.Stopped(thread, signal));

    public void Exits(GuestThread thread, WaitStatus status) => Each(trace => trace.Exits(thread, status));

    private void Each(Action<SyscallTrace> tell)
    {
        foreach (var trace in _traces)
            tell(trace);
    }

    /// <summary>A call that nobody does has all registers, for what they are worth.</summary>
    private SyscallDescription Find(int number)
    {
        if (_known.TryGetValue(number, out var known))
            return known;
        SyscallArgument[] unknown =
        [
            new("", false, static (w, in a) => w.Hex(a.A0)),
            new("", false, static (w, in a) => w.Hex(a.A1)),
            new("", false, static (w, in a) => w.Hex(a.A2)),
            new("", false, static (w, in a) => w.Hex(a.A3)),
            new("", false, static (w, in a) => w.Hex(a.A4)),
            new("", false, static (w, in a) => w.Hex(a.A5)),
        ];
        return new SyscallDescription(number, Enum.GetName((SystemCallNumber)number) ?? $"syscall_0x{(uint)number:x}", SyscallClasses.None, unknown, null);
    }
}
