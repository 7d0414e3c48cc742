using System.Text;
using Nommu.Core.Processes;

namespace Nommu.Core.Diagnostics;

/// <summary>Linux: the printk ring buffer, which dmesg(1) and /dev/kmsg read. The oldest records give way.</summary>
internal sealed class LogBuffer(TimeProvider clock, int capacity = 1 << 17)
{
    private readonly Lock _lock = new();
    private readonly Queue<LogRecord> _records = [];
    private readonly long _start = clock.GetTimestamp();
    private long _nextSequence;
    private int _bytes;

    /// <summary>Woken by every record.</summary>
    internal WaitQueue Written { get; } = new();

    /// <summary>Told of every record: the host's logger, the console.</summary>
    internal Action<LogRecord>? Sink { get; set; }

    /// <summary>Linux: <c>console_loglevel</c>: messages of a lower level go to the console (syslog(2)).</summary>
    internal int ConsoleLevel { get; set; } = 7;

    internal long FirstSequence
    {
        get
        {
            lock (_lock)
                return _nextSequence - _records.Count;
        }
    }

    internal long NextSequence
    {
        get
        {
            lock (_lock)
                return _nextSequence;
        }
    }

    internal int Capacity => capacity;

    /// <summary>Adds a record.</summary>
    /// <param name="priority">Level (0 to 7) and, times eight, facility.</param>
    /// <param name="text">One message; a last newline is taken off.</param>
    internal void Write(int priority, ReadOnlySpan<byte> text)
    {
        if (text.EndsWith((byte)'\n'))
            text = text[..^1];
        LogRecord record;
        lock (_lock)
        {
            record = new LogRecord(_nextSequence++, priority, clock.GetElapsedTime(_start), text.ToArray());
            _records.Enqueue(record);
            _bytes += record.Text.Length + 32;
            while (_bytes > capacity && _records.Count > 1)
                _bytes -= _records.Dequeue().Text.Length + 32;
        }
        Written.Wake();
        Sink?.Invoke(record);
    }

    internal void Write(int priority, string text) => Write(priority, Encoding.UTF8.GetBytes(text));

    /// <summary>The record with a number, or the oldest behind it.</summary>
    internal LogRecord? Find(long sequence)
    {
        lock (_lock)
        {
            var first = _nextSequence - _records.Count;
            var index = Math.Max(sequence, first) - first;
            return index < _records.Count ? _records.ElementAt((int)index) : null;
        }
    }

    /// <summary>Every record from one on.</summary>
    internal LogRecord[] From(long sequence)
    {
        lock (_lock)
            return [.. _records.Where(record => record.Sequence >= sequence)];
    }
}

/// <summary>One message of the kernel's log.</summary>
internal sealed record LogRecord(long Sequence, int Priority, TimeSpan Time, byte[] Text);
