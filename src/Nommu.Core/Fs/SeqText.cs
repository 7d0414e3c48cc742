using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Nommu.Core.Fs;

/// <summary>Linux: the buffer of <c>struct seq_file</c>. Text that a file made up on demand shows; bytes, since names need not be UTF-8.</summary>
internal sealed class SeqText
{
    private byte[] _bytes = new byte[1024];
    private int _length;
    private int _lineStart;

    internal ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    /// <summary>Formatted text, always in the invariant culture.</summary>
    internal void Add([InterpolatedStringHandlerArgument("")] in Formatter text) => _ = text;

    /// <summary>Linux: <c>mangle_path</c>: what would break a line's fields is written in octal.</summary>
    internal void AddEscaped(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> special)
    {
        foreach (var value in bytes)
        {
            if (special.Contains(value))
                Add([(byte)'\\', (byte)('0' + (value >> 6)), (byte)('0' + ((value >> 3) & 7)), (byte)('0' + (value & 7))]);
            else
                Add([value]);
        }
    }

    /// <summary>Linux: <c>seq_setwidth</c>: columns count from here.</summary>
    internal void StartLine() => _lineStart = _length;

    /// <summary>Linux: <c>seq_pad</c> with a blank: blanks up to a column, and one more.</summary>
    internal void PadTo(int column)
    {
        var count = Math.Max(0, column - (_length - _lineStart)) + 1;
        Room(count)[..count].Fill((byte)' ');
        _length += count;
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - _length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        return _bytes.AsSpan(_length);
    }

    /// <summary>Writes the pieces of an interpolated string straight into the text.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Formatter(int literalLength, int formattedCount, SeqText text)
    {
        /// <summary>What the compiler counted.</summary>
        internal int Expected { get; } = literalLength + formattedCount;

        public void AppendLiteral(string value) => AppendFormatted(value);

        public void AppendFormatted(string? value)
        {
            value ??= "";
            text._length += Encoding.UTF8.GetBytes(value, text.Room(Encoding.UTF8.GetMaxByteCount(value.Length)));
        }

        public void AppendFormatted(ReadOnlySpan<byte> value) => text.Add(value);

        public void AppendFormatted(char value) => text.Add([(byte)value]);

        public void AppendFormatted<T>(T value, string? format = null) where T : IUtf8SpanFormattable
        {
            if (value.TryFormat(text.Room(64), out var written, format, CultureInfo.InvariantCulture))
                text._length += written;
        }

        /// <summary>Right-aligned, or left-aligned where negative.</summary>
        public void AppendFormatted<T>(T value, int alignment, string? format = null) where T : IUtf8SpanFormattable
        {
            var start = text._length;
            AppendFormatted(value, format);
            var pad = Math.Abs(alignment) - (text._length - start);
            if (pad <= 0)
                return;
            text.Room(pad)[..pad].Fill((byte)' ');
            text._length += pad;
            if (alignment < 0)
                return;
            var field = text._bytes.AsSpan(start, text._length - start);
            field[..^pad].CopyTo(field[pad..]);
            field[..pad].Fill((byte)' ');
        }

        public void AppendFormatted(string value, int alignment) => AppendFormatted(alignment < 0 ? value.PadRight(-alignment) : value.PadLeft(alignment));
    }
}
