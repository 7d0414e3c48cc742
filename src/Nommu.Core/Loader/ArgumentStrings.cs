using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Loader;

/// <summary>Linux: what <c>copy_strings</c> brings together in <c>struct linux_binprm</c>: a list of zero-terminated strings, each byte as it was given, one behind the other as the new program will find them.</summary>
public sealed class ArgumentStrings
{
    /// <summary>Linux: MAX_ARG_STRLEN (execve(2), "Limits on size of arguments and environment"), with the terminating zero.</summary>
    internal const int LongestString = 32 * 4096;

    private byte[] _bytes;
    private int _start;
    private int _end;

    /// <summary>An empty list.</summary>
    public ArgumentStrings() : this(256)
    {
    }

    private ArgumentStrings(int capacity) => _bytes = new byte[capacity];

    /// <summary>How many strings.</summary>
    public int Count { get; private set; }

    /// <summary>All of them, each with its terminating zero.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(_start, _end - _start);

    /// <summary>The first string without its zero; empty where there is none.</summary>
    public ReadOnlySpan<byte> First => Count == 0 ? default : Bytes[..Bytes.IndexOf((byte)0)];

    /// <summary>Makes a list of a host's strings, as UTF-8.</summary>
    /// <param name="strings">None with a zero character.</param>
    /// <returns>The list.</returns>
    public static ArgumentStrings From(IEnumerable<string> strings)
    {
        ArgumentNullException.ThrowIfNull(strings);
        var result = new ArgumentStrings();
        foreach (var text in strings)
            result.Add(System.Text.Encoding.UTF8.GetBytes(text));
        return result;
    }

    /// <summary>Linux: <c>count</c> and <c>copy_strings</c>. Reads a guest's vector of strings, null counting as empty as in Linux.</summary>
    /// <param name="memory">Guest memory.</param>
    /// <param name="vector">A zero-terminated array of addresses.</param>
    /// <param name="limit">Bytes that the strings and their pointers may come to.</param>
    /// <returns>EFAULT, E2BIG.</returns>
    internal static Result<ArgumentStrings> FromUser(UserMemory memory, ulong vector, long limit)
    {
        var result = new ArgumentStrings(1024);
        if (vector == 0)
            return result;
        for (; ; vector += 8)
        {
            var error = memory.Read(new UserPtr<ulong>(vector), out var address);
            if (error != Errno.None)
                return error;
            if (address == 0)
                return result;
            error = result.AddFromUser(memory, address);
            if (error != Errno.None)
                return error;
            if (result._end - result._start + 8L * result.Count > limit)
                return Errno.E2BIG;
        }
    }

    /// <summary>Puts a string behind the others.</summary>
    /// <param name="text">Without zeros.</param>
    public void Add(ReadOnlySpan<byte> text)
    {
        Reserve(text.Length + 1);
        text.CopyTo(_bytes.AsSpan(_end));
        _end += text.Length;
        _bytes[_end++] = 0;
        Count++;
    }

    /// <summary>Puts a string before the others.</summary>
    /// <param name="text">Without zeros.</param>
    public void Prepend(ReadOnlySpan<byte> text)
    {
        if (_start < text.Length + 1)
        {
            const int Room = 512;
            var moved = new byte[_bytes.Length + text.Length + Room];
            Bytes.CopyTo(moved.AsSpan(text.Length + Room));
            _end += text.Length + Room - _start;
            (_bytes, _start) = (moved, text.Length + Room);
        }
        _bytes[--_start] = 0;
        _start -= text.Length;
        text.CopyTo(_bytes.AsSpan(_start));
        Count++;
    }

    /// <summary>Linux: <c>remove_arg_zero</c>. Takes the first string away, if there is one.</summary>
    public void RemoveFirst()
    {
        if (Count == 0)
            return;
        _start += First.Length + 1;
        Count--;
    }

    private Errno AddFromUser(UserMemory memory, ulong address)
    {
        // Most strings are short: what fits behind the others is tried first.
        for (var room = 256; ; room *= 8)
        {
            room = Math.Min(room, LongestString);
            Reserve(room);
            var read = memory.ReadString(address, _bytes.AsSpan(_end, room));
            if (read.TryGet(out var length))
            {
                _end += length;
                _bytes[_end++] = 0;
                Count++;
                return Errno.None;
            }
            if (read.Error != Errno.ENAMETOOLONG)
                return read.Error;
            if (room == LongestString)
                return Errno.E2BIG;
        }
    }

    private void Reserve(int length)
    {
        if (_bytes.Length - _end < length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _end + length));
    }
}
