using System.Buffers.Binary;
using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Debugging;

/// <summary>Files of the guest for gdb (the GDB manual's "Host I/O Packets"), which reads symbols from them: regular ones, for reading.</summary>
internal sealed class GdbFiles(Machine machine) : IDisposable
{
    private const int LargestRead = 16 << 10, StatSize = 64;

    private readonly Dictionary<int, FileDescription> _open = [];
    private int _next = 3;

    public void Dispose()
    {
        foreach (var file in _open.Values)
            file.Release();
        _open.Clear();
    }

    /// <summary>Answers a request.</summary>
    /// <param name="request">Behind <c>vFile:</c>.</param>
    /// <returns>Empty for what is not done.</returns>
    internal string Answer(string request)
    {
        var colon = request.IndexOf(':', StringComparison.Ordinal);
        var arguments = request[(colon + 1)..].Split(',');
        return request[..Math.Max(0, colon)] switch
        {
            "setfs" => "F0",
            "open" => Open(Encoding.UTF8.GetString(Convert.FromHexString(arguments[0]))),
            "close" => Close(GdbSession.Hex(arguments[0])),
            "pread" when arguments.Length == 3 => Read(GdbSession.Hex(arguments[0]), GdbSession.Hex(arguments[1]), GdbSession.Hex(arguments[2])),
            "fstat" => Stat(GdbSession.Hex(arguments[0])),
            _ => "",
        };
    }

    private string Open(string path)
    {
        var fs = machine.FileSystem.CreateContext();
        try
        {
            var opened = FileOpening.Open(new FsCaller(fs, Credentials.Root), fs.WorkingDirectory, Encoding.UTF8.GetBytes(path), OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, 0);
            if (!opened.TryGet(out var file))
                return Failure(opened.Error);
            if (file.Inode is not RegularInode)
            {
                file.Release();
                return Failure(Errno.EACCES);
            }
            _open.Add(_next, file);
            return $"F{_next++:x}";
        }
        finally
        {
            fs.Release();
        }
    }

    private string Close(ulong fd)
    {
        if (!_open.Remove((int)fd, out var file))
            return Failure(Errno.EBADF);
        file.Release();
        return "F0";
    }

    private string Read(ulong fd, ulong count, ulong offset)
    {
        if (!_open.TryGetValue((int)fd, out var file))
            return Failure(Errno.EBADF);
        var bytes = new byte[Math.Min(count, LargestRead)];
        var to = new IoVector(bytes.AsSpan());
        var read = file.ReadAt(ref to, (long)offset);
        return read.TryGet(out var length) ? $"F{length:x};{GdbPackets.Escape(bytes.AsSpan(0, (int)length))}" : Failure(read.Error);
    }

    /// <summary>struct stat of the protocol: big-endian, 64 bytes, the size at 28.</summary>
    private string Stat(ulong fd)
    {
        const uint Mode = (uint)(InodeMode.S_IFREG | InodeMode.S_IRUSR);
        if (!_open.TryGetValue((int)fd, out var file))
            return Failure(Errno.EBADF);
        var stat = new byte[StatSize];
        BinaryPrimitives.WriteUInt32BigEndian(stat.AsSpan(8), Mode);
        BinaryPrimitives.WriteUInt32BigEndian(stat.AsSpan(12), 1);
        BinaryPrimitives.WriteUInt64BigEndian(stat.AsSpan(28), (ulong)file.Inode.Size);
        BinaryPrimitives.WriteUInt64BigEndian(stat.AsSpan(36), Arena.PageSize);
        BinaryPrimitives.WriteUInt64BigEndian(stat.AsSpan(44), (ulong)((file.Inode.Size + 511) / 512));
        return $"F{StatSize:x};{GdbPackets.Escape(stat)}";
    }

    /// <summary>The protocol's error numbers are Linux's, as far as they matter here.</summary>
    private static string Failure(Errno error) => $"F-1,{(int)error:x}";
}
