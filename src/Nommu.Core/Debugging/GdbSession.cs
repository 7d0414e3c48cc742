using System.Globalization;
using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Debugging;

/// <summary>One client of a <see cref="GdbServer"/>: the packets that gdb sends, in the words of the GDB manual's "Remote Serial Protocol".</summary>
internal sealed partial class GdbSession(ProcessDebugger debugger, GdbPackets packets) : IDisposable
{
    private const string Ok = "OK", Unknown = "", BadAddress = "E0e", BadThread = "E03", BadRequest = "E16";
    private const int LargestTransfer = 0x3000;

    private readonly GdbFiles _files = new(debugger.Process.Machine);
    private int _chosen;
    private StopEvent _last;
    private bool _isRunning;
    private bool _isOver;

    public void Dispose() => _files.Dispose();

    /// <summary>Serves until the client goes.</summary>
    /// <returns>True where another client may come: this one went without saying anything, and the process goes on.</returns>
    internal async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            debugger.Interrupt();
            if (!await WaitForStopAsync(cancellationToken))
                return false;
            while (!_isOver && await packets.ReadAsync(cancellationToken) is { } packet)
            {
                if (packet == GdbPackets.Break)
                    continue;
                if (Answer(packet) is not Running and var answer)
                    await packets.WriteAsync(answer, cancellationToken);
                if (packet == "QStartNoAckMode")
                    packets.NeedsNoAcknowledgement = true;
                if (_isRunning && !await RunUntilStopAsync(cancellationToken))
                    return false;
            }
            if (!_isOver)
                debugger.Resume(static _ => new ResumeAction(false, Signal.None));
            return !_isOver;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    internal static ulong Hex(ReadOnlySpan<char> text) => ulong.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value) ? value : 0;

    /// <returns>False where the process has ended instead.</returns>
    private async Task<bool> WaitForStopAsync(CancellationToken cancellationToken)
    {
        var stopped = debugger.Changed;
        if (await Task.WhenAny(stopped, debugger.Process.WaitForExitAsync(cancellationToken)) != stopped)
            return false;
        _last = await stopped;
        _chosen = _last.ThreadId;
        return true;
    }

    /// <summary>The process runs; what gdb says meanwhile is that it shall stop.</summary>
    /// <returns>False at the end of the process or of the connection.</returns>
    private async Task<bool> RunUntilStopAsync(CancellationToken cancellationToken)
    {
        _isRunning = false;
        var exit = debugger.Process.WaitForExitAsync(CancellationToken.None);
        var stopped = debugger.Changed;
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        while (true)
        {
            var read = packets.ReadAsync(reading.Token);
            var first = await Task.WhenAny(stopped, exit, read);
            if (first == read && !exit.IsCompleted)
            {
                if (await read is null)
                {
                    _isOver = debugger.Process.HasExited;
                    return !_isOver;
                }
                debugger.Interrupt();
                continue;
            }
            await reading.CancelAsync();
            await ((Task)read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (first == exit)
            {
                // Whoever waited for the process may be about to end us.
                await packets.WriteAsync(DescribeEnd(debugger.Process.ExitStatus), CancellationToken.None);
                return false;
            }
            cancellationToken.ThrowIfCancellationRequested();
            _last = await stopped;
            _chosen = _last.ThreadId;
            await packets.WriteAsync(DescribeStop(), cancellationToken);
            return true;
        }
    }

    private string Answer(string packet)
    {
        try
        {
            return packet.Length == 0 ? Unknown : AnswerKnown(packet);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            return BadRequest;
        }
    }

    private string AnswerKnown(string packet)
    {
        var rest = packet[1..];
        switch (packet[0])
        {
            case '?':
                return DescribeStop();
            case 'g' or 'G' or 'p' or 'P':
                return Registers(packet[0], rest);
            case 'm' or 'M' or 'x' or 'X':
                return Memory(packet[0], rest);
            case 'Z' or 'z':
                return Breakpoint(packet[0] == 'Z', rest);
            case 'H':
                return Choose(rest);
            case 'T':
                return FindThread((int)Hex(rest)) is null ? BadThread : Ok;
            case 'c' or 's' or 'C' or 'S':
                return ResumeAll(packet[0], rest);
            case 'v':
                return Verbose(packet);
            case 'q' or 'Q':
                return Query(packet);
            case 'D':
                _isOver = true;
                debugger.Detach();
                return Ok;
            case 'k':
                _isOver = true;
                debugger.Process.Kill();
                debugger.Detach();
                return Ok;
            default:
                return Unknown;
        }
    }

    private string Verbose(string packet)
    {
        if (packet == "vCont?")
            return "vCont;c;C;s;S";
        if (packet.StartsWith("vCont;", StringComparison.Ordinal))
            return Resume(packet[6..].Split(';'));
        if (packet.StartsWith("vFile:", StringComparison.Ordinal))
            return _files.Answer(packet[6..]);
        if (!packet.StartsWith("vKill", StringComparison.Ordinal))
            return Unknown;
        _isOver = true;
        debugger.Process.Kill();
        debugger.Detach();
        return Ok;
    }

    private string Query(string packet)
    {
        if (packet.StartsWith("qSupported", StringComparison.Ordinal))
            return "PacketSize=4000;QStartNoAckMode+;qXfer:features:read+;qXfer:auxv:read+;qXfer:exec-file:read+;qXfer:threads:read+;QPassSignals+;swbreak+;exec-events+;vContSupported+";
        if (packet.StartsWith("qXfer:", StringComparison.Ordinal))
            return Transfer(packet[6..].Split(':', 4));
        if (packet.StartsWith("QPassSignals:", StringComparison.Ordinal))
        {
            var passed = default(SigSet);
            foreach (var number in packet[13..].Split(';', StringSplitOptions.RemoveEmptyEntries))
            {
                if (GdbSignals.ToLinux((int)Hex(number)) is not Signal.None and var signal)
                    passed |= SigSet.Of(signal);
            }
            debugger.Passed = passed;
            return Ok;
        }
        return packet switch
        {
            "QStartNoAckMode" => Ok,
            "qC" => $"QC{_chosen:x}",
            "qAttached" or "qAttached:1" => "1",
            "qfThreadInfo" => "m" + string.Join(',', ThreadIds().Select(id => id.ToString("x", CultureInfo.InvariantCulture))),
            "qsThreadInfo" => "l",
            _ => packet.StartsWith("qAttached", StringComparison.Ordinal) ? "1" : Unknown,
        };
    }

    private string Transfer(string[] words)
    {
        if (words.Length != 4 || words[1] != "read")
            return Unknown;
        var window = words[3].Split(',');
        var (offset, length) = ((int)Math.Min(Hex(window[0]), int.MaxValue), (int)Math.Min(Hex(window[1]), LargestTransfer));
        var document = words[0] switch
        {
            "features" when words[2] == "target.xml" => Encoding.ASCII.GetBytes(GdbRegisters.Description),
            "auxv" => SomeThread()?.Space.Layout.AuxiliaryVector,
            "exec-file" => SomeThread()?.Space.Executable is { } file ? PathNaming.Describe(file.Path, default) : null,
            "threads" => Encoding.UTF8.GetBytes(ThreadsDocument()),
            _ => null,
        };
        if (document is null)
            return Unknown;
        if (offset >= document.Length)
            return "l";
        var part = document.AsSpan(offset, Math.Min(length, document.Length - offset));
        return (offset + part.Length < document.Length ? "m" : "l") + GdbPackets.Escape(part);
    }

    private string ThreadsDocument()
    {
        var text = new StringBuilder("<?xml version=\"1.0\"?><threads>");
        lock (debugger.Process.Tasks.Lock)
        {
            foreach (var thread in debugger.Process.Threads)
                text.Append(CultureInfo.InvariantCulture, $"<thread id=\"{thread.Id:x}\" name=\"{System.Security.SecurityElement.Escape(Encoding.UTF8.GetString(thread.Name))}\"/>");
        }
        return text.Append("</threads>").ToString();
    }

    private string DescribeStop()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"T{GdbSignals.FromLinux(_last.Signal):x2}thread:{_last.ThreadId:x};");
        return _last.Reason switch
        {
            StopReason.Breakpoint => text + "swbreak:;",
            StopReason.Exec when SomeThread()?.Space.Executable is { } file => $"{text}exec:{Convert.ToHexStringLower(PathNaming.Describe(file.Path, default))};",
            _ => text,
        };
    }

    private static string DescribeEnd(WaitStatus status) => status.IsSignaled
        ? string.Create(CultureInfo.InvariantCulture, $"X{GdbSignals.FromLinux((Signal)status.TerminatingSignal):x2}")
        : string.Create(CultureInfo.InvariantCulture, $"W{status.ExitCode:x2}");
}
