using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>Linux: the moving in sendfile(2), copy_file_range(2) and splice(2) out of a file. Differs: the bytes go through a buffer of the thread, piece by piece.</summary>
internal static class FileCopy
{
    /// <summary>Writes a piece, and waits or not, as it likes.</summary>
    internal delegate Result<long> PieceWriter(GuestThread thread, FileDescription to, ref IoVector from);

    /// <summary>A position that means: the target's own, or none.</summary>
    internal const long NoPosition = -1;

    /// <summary>Moves bytes out of a file from a position on.</summary>
    /// <param name="thread">Whose buffer is used.</param>
    /// <param name="from">A file with positions.</param>
    /// <param name="position">Moves by what has been written.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="target">Where in it, which moves, or <see cref="NoPosition"/>.</param>
    /// <param name="count">At most.</param>
    /// <param name="write">How they are written where there is no position.</param>
    /// <returns>Bytes; an error only where there were none.</returns>
    internal static Result<long> FromFile(GuestThread thread, FileDescription from, ref long position, FileDescription to, ref long target, long count, PieceWriter write)
    {
        long done = 0;
        while (done < count)
        {
            // A device gives and takes without end.
            if (done > 0 && thread.IsSignalPending)
                break;
            var buffer = thread.CopyBuffer.AsSpan(0, (int)Math.Min(count - done, GuestThread.CopyBufferSize));
            var read = Read(from, buffer, position);
            if (!read.IsOk || read.Value == 0)
                return done > 0 ? done : read;
            var written = Write(thread, to, buffer[..(int)read.Value], target, write);
            if (!written.IsOk)
                return done > 0 ? done : written;
            done += written.Value;
            position += written.Value;
            if (target != NoPosition)
                target += written.Value;
            if (written.Value < read.Value)
                break;
        }
        return done;
    }

    /// <summary>Writes bytes of the host at a position or as a stream.</summary>
    internal static Result<long> Write(GuestThread thread, FileDescription to, ReadOnlySpan<byte> bytes, long target, PieceWriter write)
    {
        var source = new IoVector(bytes);
        return target == NoPosition ? write(thread, to, ref source) : to.WriteAt(ref source, target);
    }

    private static Result<long> Read(FileDescription from, Span<byte> buffer, long position)
    {
        var to = new IoVector(buffer);
        return from.ReadAt(ref to, position);
    }
}
