using System.Globalization;
using System.Text;

namespace Nommu.Core.Diagnostics;

/// <summary>Linux: <c>do_syslog</c>: the log as lines of text, with a place where the one reader of syslog(2) is, and one before which all has been cleared.</summary>
internal sealed class Syslog(LogBuffer log)
{
    internal const int MinimumLevel = 1, DefaultLevel = 7;

    private readonly Lock _lock = new();
    private long _next;
    private int _offset;
    private long _cleared;
    private int? _savedLevel;

    /// <summary>Messages of a lower level are for the console.</summary>
    internal int ConsoleLevel { get; private set; } = DefaultLevel;

    /// <summary>Bytes to be read.</summary>
    internal int Unread
    {
        get
        {
            lock (_lock)
            {
                SkipLost();
                var size = -_offset;
                foreach (var record in log.From(_next))
                    size += Format(record).Length;
                return size;
            }
        }
    }

    internal void SetConsoleLevel(int level)
    {
        lock (_lock)
            (ConsoleLevel, _savedLevel) = (level, null);
    }

    internal void SetConsole(bool on)
    {
        lock (_lock)
        {
            if (!on)
            {
                _savedLevel ??= ConsoleLevel;
                ConsoleLevel = MinimumLevel;
            }
            else if (_savedLevel is { } level)
            {
                (ConsoleLevel, _savedLevel) = (level, null);
            }
        }
    }

    internal void Clear() => Volatile.Write(ref _cleared, log.NextSequence);

    /// <summary>Up to a length of what nobody has read; empty where there is nothing.</summary>
    internal byte[] Read(int length)
    {
        var text = new List<byte>();
        lock (_lock)
        {
            SkipLost();
            while (text.Count < length && log.Find(_next) is { } record)
            {
                var line = Format(record);
                var part = Math.Min(line.Length - _offset, length - text.Count);
                text.AddRange(line.AsSpan(_offset, part));
                _offset += part;
                if (_offset == line.Length)
                    (_next, _offset) = (record.Sequence + 1, 0);
            }
        }
        return [.. text];
    }

    /// <summary>As many of the last messages as fit.</summary>
    internal byte[] ReadLast(int length)
    {
        var lines = Array.ConvertAll(log.From(Volatile.Read(ref _cleared)), Format);
        var first = lines.Length;
        var size = 0;
        while (first > 0 && size + lines[first - 1].Length <= length)
            size += lines[--first].Length;
        var text = new List<byte>(size);
        for (; first < lines.Length; first++)
            text.AddRange(lines[first]);
        return [.. text];
    }

    private void SkipLost()
    {
        if (_next < log.FirstSequence)
            (_next, _offset) = (log.FirstSequence, 0);
    }

    /// <summary>Each line of a message has level and time before it.</summary>
    private static byte[] Format(LogRecord record)
    {
        var microseconds = record.Time.Ticks / TimeSpan.TicksPerMicrosecond;
        var seconds = (microseconds / 1_000_000).ToString(CultureInfo.InvariantCulture).PadLeft(5);
        var prefix = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"<{record.Priority}>[{seconds}.{microseconds % 1_000_000:d6}] "));
        var text = new List<byte>();
        var rest = record.Text.AsSpan();
        while (true)
        {
            var end = rest.IndexOf((byte)'\n');
            text.AddRange(prefix);
            text.AddRange(end < 0 ? rest : rest[..end]);
            text.Add((byte)'\n');
            if (end < 0)
                return [.. text];
            rest = rest[(end + 1)..];
        }
    }
}
