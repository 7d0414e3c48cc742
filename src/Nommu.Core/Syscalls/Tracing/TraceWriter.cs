using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls.Tracing;

/// <summary>Writes the arguments of one call as strace(1) does; one that shows nothing is not there, as the mode of an open(2) that makes no file. What it reads of the guest's memory it reads as a debugger: nothing grows, and what can't be read is shown as an address.</summary>
internal sealed partial class TraceWriter(GuestThread thread, int stringLimit, bool showsPaths)
{
    /// <summary>Linux: what strace shows of an array.</summary>
    private const int MostElements = 32;

    private readonly StringBuilder _text = new();

    /// <summary>What the call has answered; while arguments are shown that it fills in.</summary>
    internal SyscallResult Result { get; set; }

    /// <summary>Paths that the call is about, as far as the arguments say; null where nobody asks.</summary>
    internal List<string>? Paths { get; init; }

    /// <summary>False where what is in memory is not what was there at the time of the call.</summary>
    internal bool ReadsMemory { get; init; } = true;

    internal int Length => _text.Length;

    /// <summary>Takes what has been written.</summary>
    internal string Take()
    {
        var text = _text.ToString();
        _text.Clear();
        return text;
    }

    internal void Put(string text) => _text.Append(text);

    internal void Show(long value) => _text.Append(CultureInfo.InvariantCulture, $"{value}");

    internal void Show(ulong value) => _text.Append(CultureInfo.InvariantCulture, $"{value}");

    internal void Show(nuint value) => Show((ulong)value);

    internal void Hex(ulong value) => _text.Append(value == 0 ? "0" : $"0x{value:x}");

    internal void Octal(ulong value) => _text.Append(value == 0 ? "0" : "0" + Convert.ToString((long)value, 8));

    internal void Address(ulong address) => _text.Append(address == 0 ? "NULL" : $"0x{address:x}");

    internal void Descriptor(int fd)
    {
        Show(fd);
        if (!showsPaths && Paths is null || thread.Files.Retain(fd) is not { } file)
            return;
        var path = PathNaming.DescribeAsText(file.Path);
        file.Release();
        Paths?.Add(path);
        if (showsPaths)
            _text.Append('<').Append(path).Append('>');
    }

    internal void DirectoryDescriptor(int fd)
    {
        if (fd == UserPath.AT_FDCWD)
            Put("AT_FDCWD");
        else
            Descriptor(fd);
    }

    /// <summary>A path, which starts at a directory's descriptor where the call has one.</summary>
    internal void Path(in SyscallArguments arguments, int index, int directory)
    {
        var address = arguments[index];
        if (!TryReadText(address, GuestThread.MaximumPath, out var path, out var isCut))
        {
            Address(address);
            return;
        }
        Quote(path, isCut);
        Paths?.Add(Resolve(Encoding.UTF8.GetString(path), directory < 0 ? UserPath.AT_FDCWD : (int)arguments[directory]));
    }

    /// <summary>A text that is no path.</summary>
    internal void Text(ulong address)
    {
        if (TryReadText(address, stringLimit, out var text, out var isCut))
            Quote(text, isCut);
        else
            Address(address);
    }

    /// <summary>Bytes that are read or written.</summary>
    internal void Bytes(ulong address, long count)
    {
        var bytes = new byte[Math.Clamp(count, 0, stringLimit)];
        if (address == 0 || count < 0 || !TryRead(address, bytes))
            Address(address);
        else
            Quote(bytes, count > bytes.Length);
    }

    internal void Pointer<T>(UserPtr<T> pointer, Action<TraceWriter, T> show) where T : unmanaged
    {
        if (!TryRead(pointer, out var value))
        {
            Address(pointer.Address);
            return;
        }
        // Of what is one number strace says that it is elsewhere.
        var isNumber = typeof(T).IsPrimitive;
        Put(isNumber ? "[" : "");
        show(this, value);
        Put(isNumber ? "]" : "");
    }

    internal void Array<T>(UserPtr<T> pointer, long count, Action<TraceWriter, T> show) where T : unmanaged
    {
        if (pointer.IsNull || count < 0 || (count > 0 && !TryRead(pointer, out _)))
        {
            Address(pointer.Address);
            return;
        }
        Put("[");
        for (var i = 0; i < count; i++)
        {
            Put(i > 0 ? ", " : "");
            if (i == MostElements || !TryRead(pointer.At(i), out var value))
            {
                Put("...");
                break;
            }
            show(this, value);
        }
        Put("]");
    }

    internal bool TryRead<T>(UserPtr<T> pointer, out T value) where T : unmanaged
    {
        value = default;
        return TryRead(pointer.Address, MemoryMarshal.AsBytes(new Span<T>(ref value)));
    }

    private bool TryRead(ulong address, Span<byte> bytes) => address != 0 && ReadsMemory && thread.Space.ReadFrom(address, bytes) == bytes.Length;

    private bool TryReadText(ulong address, int limit, out byte[] text, out bool isCut)
    {
        var buffer = new byte[limit + 1];
        var read = address == 0 || !ReadsMemory ? 0 : thread.Space.ReadFrom(address, buffer);
        var end = System.Array.IndexOf(buffer, (byte)0, 0, read);
        isCut = end < 0;
        text = buffer[..(end < 0 ? Math.Min(read, limit) : end)];
        return end >= 0 || read == buffer.Length;
    }

    private string Resolve(string path, int directory)
    {
        if (path.StartsWith('/'))
            return path;
        string start;
        if (directory == UserPath.AT_FDCWD)
        {
            start = PathNaming.DescribeAsText(thread.Fs.WorkingDirectory);
        }
        else
        {
            if (thread.Files.Retain(directory) is not { } file)
                return path;
            start = PathNaming.DescribeAsText(file.Path);
            file.Release();
        }
        return path.Length == 0 ? start : $"{start.TrimEnd('/')}/{path}";
    }

    /// <summary>As in C, with octal escapes for what can't be printed.</summary>
    internal void Quote(ReadOnlySpan<byte> bytes, bool isCut)
    {
        _text.Append('"');
        for (var i = 0; i < bytes.Length; i++)
        {
            var value = bytes[i];
            var escape = value switch { (byte)'\n' => 'n', (byte)'\t' => 't', (byte)'\r' => 'r', (byte)'\v' => 'v', (byte)'\f' => 'f', (byte)'"' => '"', (byte)'\\' => '\\', _ => '\0' };
            if (escape != 0)
                _text.Append('\\').Append(escape);
            else if (value is >= 0x20 and < 0x7f)
                _text.Append((char)value);
            else
                _text.Append('\\').Append(Convert.ToString(value, 8).PadLeft(i + 1 < bytes.Length && bytes[i + 1] is >= (byte)'0' and <= (byte)'9' ? 3 : 1, '0'));
        }
        _text.Append(isCut ? "\"..." : "\"");
    }

    /// <summary>A field of a struct that has been begun with a brace.</summary>
    private TraceWriter Field(string name)
    {
        if (_text[^1] != '{')
            _text.Append(", ");
        _text.Append(name).Append('=');
        return this;
    }

    private static int SizeOf<T>() => Unsafe.SizeOf<T>();
}
