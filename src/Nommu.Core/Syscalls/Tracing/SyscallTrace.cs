using System.Globalization;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls.Tracing;

/// <summary>One trace of system calls: what strace(1) sees through ptrace(2), in its words. Differs: signals that are ignored are not seen.</summary>
/// <remarks>Its lock is a leaf but for what the host's sinks do.</remarks>
internal sealed class SyscallTrace : IDisposable
{
    private const int RtSigreturn = (int)SystemCallNumber.rt_sigreturn;

    private readonly SyscallTraceOptions _options;
    private readonly TraceFilter _filter;
    private readonly TraceOutput _output;
    private readonly Action<SyscallTrace> _ended;
    private readonly Lock _lock = new();
    private readonly HashSet<GuestProcess>? _processes;
    private readonly Dictionary<GuestThread, TraceEntry> _entries = [];
    private TraceEntry? _partial;
    private long _lastLine;

    /// <exception cref="ArgumentException">The filter is not understood.</exception>
    internal SyscallTrace(SyscallTraceOptions options, Action<SyscallTrace> ended)
    {
        (_options, _ended) = (options, ended);
        _filter = new TraceFilter(options.Calls);
        _output = new TraceOutput(options);
        if (options.Process is { } process)
            _processes = [process];
    }

    /// <summary>Ends the trace; calls under way stay unfinished.</summary>
    public void Dispose()
    {
        _ended(this);
        lock (_lock)
        {
            CutPartial();
            _entries.Clear();
            _output.Flush();
        }
    }

    /// <summary>A call begins.</summary>
    /// <returns>Null where it is not to be shown.</returns>
    internal TraceEntry? Enter(GuestThread thread, SyscallDescription call, in SyscallArguments arguments)
    {
        if (!_filter.Takes(call.Name, call.Classes) || !Follows(thread.Process))
            return null;
        var clock = thread.Machine.Clock;
        var writer = new TraceWriter(thread, _options.StringLimit, _options.ShowPaths) { Paths = _options.Paths.Count > 0 ? [] : null };
        var entry = new TraceEntry(thread, call, arguments) { Began = (clock.RealtimeNanoseconds, clock.MonotonicNanoseconds), Writer = writer };
        var head = entry.ShowArguments(isReturned: false);
        if (writer.Paths is { } paths && !paths.Exists(IsWanted))
            return null;
        lock (_lock)
        {
            _entries[thread] = entry;
            if (_output.IsNone)
                return entry;
            CutPartial();
            _output.Write(Prefix(entry.Id, entry.Began) + head);
            _partial = entry;
        }
        return entry;
    }

    /// <summary>The call has been made, or its caller is gone for some time.</summary>
    internal void Leave(TraceEntry entry, SyscallResult result)
    {
        if (result.IsNoReturn && entry.Call.Number != RtSigreturn && entry.Thread.VforkChild is not null)
            return; // it will have been made when the child lets its parent go on
        Finish(entry, result.IsNoReturn ? 0 : result);
    }

    /// <summary>A program has taken the place of the one that called.</summary>
    internal void Executed(GuestThread thread) => FinishOf(thread, 0);

    /// <summary>A vfork child has let its parent go on.</summary>
    internal void Resumed(GuestThread parent, int child) => FinishOf(parent, child);

    /// <summary>Under the task table's lock: only a note.</summary>
    internal void Made(GuestProcess parent, GuestProcess child)
    {
        if (_processes is null || !_options.FollowChildren)
            return;
        lock (_lock)
        {
            if (_processes.Contains(parent))
                _processes.Add(child);
        }
    }

    internal void SignalTaken(GuestThread thread, in Siginfo info)
    {
        if (!_options.ShowSignals || !Follows(thread.Process))
            return;
        var writer = new TraceWriter(thread, _options.StringLimit, false);
        writer.Show(info);
        Say(thread, SyscallTraceKind.Signal, TraceWriter.NameOf(info.Signal), info.Signo, $"--- {TraceWriter.NameOf(info.Signal)} {writer.Take()} ---");
    }

    internal void Stopped(GuestThread thread, Signal signal)
    {
        if (_options.ShowSignals && Follows(thread.Process))
            Say(thread, SyscallTraceKind.Signal, TraceWriter.NameOf(signal), (int)signal, $"--- stopped by {TraceWriter.NameOf(signal)} ---");
    }

    internal void Exits(GuestThread thread, WaitStatus status)
    {
        lock (_lock)
            _entries.Remove(thread);
        if (!_options.ShowSignals || !Follows(thread.Process))
            return;
        Say(thread, SyscallTraceKind.Exit, "exit", status.IsSignaled ? status.TerminatingSignal : 0, status.IsSignaled
            ? $"+++ killed by {TraceWriter.NameOf((Signal)status.TerminatingSignal)}{(status.DumpedCore ? " (core dumped)" : "")} +++"
            : string.Create(CultureInfo.InvariantCulture, $"+++ exited with {status.ExitCode} +++"), status.ExitCode);
    }

    private void FinishOf(GuestThread thread, SyscallResult result)
    {
        TraceEntry? entry;
        lock (_lock)
            _ = _entries.TryGetValue(thread, out entry);
        if (entry is not null)
            Finish(entry, result);
    }

    private void Finish(TraceEntry entry, SyscallResult result)
    {
        if (entry.IsDone)
            return;
        entry.IsDone = true;
        entry.Writer.Result = result;
        var duration = entry.Thread.Machine.Clock.MonotonicNanoseconds - entry.Began.Monotonic;
        var tail = entry.ShowArguments(isReturned: true) + ") = " + Describe(entry, result);
        if (_options.ShowDurations)
            tail += string.Create(CultureInfo.InvariantCulture, $" <{duration / 1e9:0.000000}>");
        lock (_lock)
        {
            if (_entries.TryGetValue(entry.Thread, out var known) && known == entry)
                _entries.Remove(entry.Thread);
            if (!_output.IsNone)
                WriteTail(entry, tail);
            if (_options.Event is { } sink)
            {
                var text = $"{entry.Call.Name}({string.Join(", ", entry.Shown.Where(shown => shown.Length > 0))}) = {Describe(entry, result)}";
                sink(new SyscallTraceEvent(SyscallTraceKind.Call, entry.Thread.Process.Id, entry.Id, TimeOf(entry.Began.Real), TimeSpan.FromMicroseconds(duration / 1000d), entry.Call.Name, entry.Call.Number, entry.Shown, result.Value, text));
            }
        }
    }

    private void WriteTail(TraceEntry entry, string tail)
    {
        if (_partial != entry)
        {
            CutPartial();
            var clock = entry.Thread.Machine.Clock;
            _output.Write(Prefix(entry.Id, (clock.RealtimeNanoseconds, clock.MonotonicNanoseconds)) + $"<... {entry.Call.Name} resumed>");
        }
        _partial = null;
        _output.EndLine(tail);
    }

    private static string Describe(TraceEntry entry, SyscallResult result)
    {
        if (entry.Call.Result is { } format)
        {
            format(entry.Writer, entry.Arguments);
            if (entry.Writer.Length > 0)
                return entry.Writer.Take();
        }
        return Describe(result);
    }

    /// <summary>What a call has answered, by the number alone.</summary>
    internal static string Describe(SyscallResult result)
    {
        if (result.Error != Errno.None)
            return result.Error >= Errno.ERESTARTSYS ? $"? {result.Error} ({result.Error.Message()})" : $"-1 {result.Error} ({result.Error.Message()})";
        return result.Value is < 0 or > uint.MaxValue ? $"0x{result.Value:x}" : result.Value.ToString(CultureInfo.InvariantCulture);
    }

    private void Say(GuestThread thread, SyscallTraceKind kind, string name, int number, string text, long result = 0)
    {
        var clock = thread.Machine.Clock;
        var now = (Real: clock.RealtimeNanoseconds, Monotonic: clock.MonotonicNanoseconds);
        lock (_lock)
        {
            if (!_output.IsNone)
            {
                CutPartial();
                _output.Write(Prefix(thread.Id, now));
                _output.EndLine(text);
            }
            _options.Event?.Invoke(new SyscallTraceEvent(kind, thread.Process.Id, thread.Id, TimeOf(now.Real), TimeSpan.Zero, name, number, [], result, text));
        }
    }

    /// <summary>Somebody else has something to say in the middle of a call.</summary>
    private void CutPartial()
    {
        if (_partial is null)
            return;
        _partial = null;
        _output.EndLine(" <unfinished ...>");
    }

    private string Prefix(int id, (long Real, long Monotonic) now)
    {
        var since = _lastLine == 0 ? 0 : now.Monotonic - _lastLine;
        _lastLine = now.Monotonic;
        return _options.Times switch
        {
            SyscallTraceTimes.TimeOfDay => string.Create(CultureInfo.InvariantCulture, $"[pid {id}] {TimeOf(now.Real):HH:mm:ss.ffffff} "),
            SyscallTraceTimes.Relative => string.Create(CultureInfo.InvariantCulture, $"[pid {id}] {since / 1e9,12:0.000000} "),
            _ => string.Create(CultureInfo.InvariantCulture, $"[pid {id}] "),
        };
    }

    private static DateTimeOffset TimeOf(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);

    private bool Follows(GuestProcess process)
    {
        if (_processes is null)
            return true;
        lock (_lock)
            return _processes.Contains(process);
    }

    private bool IsWanted(string path) =>
        _options.Paths.Any(prefix => path.StartsWith(prefix, StringComparison.Ordinal) && (prefix.EndsWith('/') || path.Length == prefix.Length || path[prefix.Length] == '/'));
}
