using System.Globalization;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Debugging;

/// <summary>Threads, registers, memory, breakpoints, and going on.</summary>
internal sealed partial class GdbSession
{
    private int[] ThreadIds()
    {
        lock (debugger.Process.Tasks.Lock)
            return [.. debugger.Process.Threads.Select(thread => thread.Id)];
    }

    private GuestThread? FindThread(int id)
    {
        lock (debugger.Process.Tasks.Lock)
            return debugger.Process.Threads.Find(thread => thread.Id == id);
    }

    private GuestThread? SomeThread() => FindThread(_chosen) ?? (ThreadIds() is [var first, ..] ? FindThread(first) : null);

    /// <summary>Hg: whose registers and memory are meant from now on; Hc is of old, and vCont says it itself.</summary>
    private string Choose(string rest)
    {
        var id = (int)Hex(rest.AsSpan(1).TrimStart('-'));
        if (rest[0] != 'g' || rest.EndsWith("-1", StringComparison.Ordinal))
            return Ok;
        if (id != 0 && FindThread(id) is null)
            return BadThread;
        _chosen = id != 0 ? id : _last.ThreadId;
        return Ok;
    }

    private string Registers(char what, string rest)
    {
        lock (debugger.Process.Tasks.Lock)
        {
            if (debugger.Process.Threads.Find(thread => thread.Id == _chosen) is not { } thread)
                return BadThread;
            var registers = new GdbRegisters(thread);
            switch (what)
            {
                case 'g':
                    return string.Concat(Enumerable.Range(0, GdbRegisters.Count).Select(number => Convert.ToHexStringLower(registers.Read(number))));
                case 'p':
                    return Hex(rest) < GdbRegisters.Count ? Convert.ToHexStringLower(registers.Read((int)Hex(rest))) : BadRequest;
                case 'P':
                    var words = rest.Split('=');
                    if (Hex(words[0]) >= GdbRegisters.Count)
                        return BadRequest;
                    registers.Write((int)Hex(words[0]), Convert.FromHexString(words[1]));
                    return registers.TryStore() ? Ok : BadThread;
                default:
                    var all = Convert.FromHexString(rest).AsSpan();
                    for (var number = 0; number < GdbRegisters.Count && all.Length >= GdbRegisters.SizeOf(number); number++)
                    {
                        registers.Write(number, all[..GdbRegisters.SizeOf(number)]);
                        all = all[GdbRegisters.SizeOf(number)..];
                    }
                    return registers.TryStore() ? Ok : BadThread;
            }
        }
    }

    /// <summary>m and M have hexadecimal digits, x and X bytes.</summary>
    private string Memory(char what, string rest)
    {
        if (SomeThread() is not { } thread)
            return BadThread;
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        var words = (colon < 0 ? rest : rest[..colon]).Split(',');
        var (address, length) = (Hex(words[0]), (int)Math.Min(Hex(words[1]), GdbPackets.LargestPacket / 2));
        if (what is 'm' or 'x')
        {
            var read = new byte[length];
            var count = thread.Space.ReadOriginal(address, read);
            if (count == 0 && length > 0)
                return BadAddress;
            return what == 'm' ? Convert.ToHexStringLower(read.AsSpan(0, count)) : "b" + GdbPackets.Escape(read.AsSpan(0, count));
        }
        var bytes = what == 'M' ? Convert.FromHexString(rest[(colon + 1)..]) : GdbPackets.Unescape(rest.AsSpan(colon + 1));
        return bytes.Length == length && thread.Space.WriteAnywhere(address, bytes) == length ? Ok : BadAddress;
    }

    /// <summary>Those in software only; for the others gdb falls back to single steps.</summary>
    private string Breakpoint(bool isSet, string rest)
    {
        if (SomeThread() is not { } thread)
            return BadThread;
        var words = rest.Split(',');
        if (words[0] != "0")
            return Unknown;
        if (isSet)
            return thread.Space.SetBreakpoint(Hex(words[1])) == Errno.None ? Ok : BadAddress;
        thread.Space.ClearBreakpoint(Hex(words[1]));
        return Ok;
    }

    /// <summary>c, s, C and S of old: the chosen thread steps alone, or all go on.</summary>
    private string ResumeAll(char what, string rest)
    {
        var signal = what is 'C' or 'S' ? ":" + rest.Split(';')[0] : "";
        var id = _chosen.ToString("x", CultureInfo.InvariantCulture);
        return what is 's' or 'S'
            ? Resume([$"{(signal.Length > 0 ? "S" + signal[1..] : "s")}:{id}"])
            : Resume(signal.Length > 0 ? [$"C{signal[1..]}:{id}", "c"] : ["c"]);
    }

    /// <summary>vCont: the first action that names a thread, or none, is its.</summary>
    private string Resume(string[] actions)
    {
        debugger.Resume(thread =>
        {
            foreach (var action in actions)
            {
                var words = action.Split(':');
                if (words.Length > 1 && words[1] != "-1" && (int)Hex(words[1]) != thread.Id)
                    continue;
                var signal = action[0] is 'C' or 'S' ? GdbSignals.ToLinux((int)Hex(words[0].AsSpan(1))) : Signal.None;
                return new ResumeAction(action[0] is 's' or 'S', signal);
            }
            return null;
        });
        _isRunning = true;
        return Running;
    }

    /// <summary>No answer: that is the stop.</summary>
    private const string Running = "\0";
}
