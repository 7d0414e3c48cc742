using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: the <c>struct file</c> of a pty's master. Differs: the host holds one too, for a terminal of its own and for the console.</summary>
internal sealed class TtyMasterFile : FileDescription
{
    private const int PieceLength = 4096;

    private bool _packets;

    internal TtyMasterFile(Tty tty, FsPath path, OpenFlags flags) : base(path, flags)
    {
        Tty = tty;
        tty.AddMaster();
    }

    internal Tty Tty { get; }

    /// <summary>TIOCPKT: every read begins with a byte that tells what it is.</summary>
    internal bool HasPackets
    {
        get => _packets;
        set
        {
            lock (Tty.Lock)
            {
                if (value && !_packets)
                    _ = Tty.TakePacketStatus();
                _packets = value;
            }
        }
    }

    /// <inheritdoc/>
    public override bool WritesInParts => true;

    /// <inheritdoc/>
    public override Result<long> Read(ref IoVector to)
    {
        if (to.Remaining == 0)
            return 0;
        if (_packets)
            return ReadPacket(ref to);
        var read = ReadScreen(ref to);
        return read.Error == Errno.EAGAIN && Tty.IsDeserted ? Errno.EIO : read;
    }

    /// <inheritdoc/>
    public override Result<long> Write(ref IoVector from)
    {
        Span<byte> piece = stackalloc byte[256];
        long done = 0;
        while (from.Remaining > 0 && done < TtyFile.MostAtOnce)
        {
            var rest = from; // what finds no room is typed again
            var count = from.CopyFrom(piece[..(int)Math.Min(piece.Length, from.Remaining)]);
            if (count == 0)
                return done > 0 ? done : Errno.EFAULT;
            var taken = Tty.Type(piece[..count]);
            done += taken;
            if (taken == count)
                continue;
            from = rest;
            _ = from.CopyFrom(piece[..taken]);
            return done > 0 ? done : Errno.EAGAIN;
        }
        return done;
    }

    /// <inheritdoc/>
    public override PollEvents Poll(PollTable? table)
    {
        table?.Add(Tty.ScreenQueue);
        table?.Add(Tty.KeyboardQueue);
        lock (Tty.Lock)
        {
            var events = PollEvents.None;
            if (Tty.ScreenCount > 0)
                events |= PollEvents.POLLIN | PollEvents.POLLRDNORM;
            if (_packets && Tty.PacketStatus != 0)
                events |= PollEvents.POLLPRI | PollEvents.POLLIN | PollEvents.POLLRDNORM;
            if (Tty.IsDeserted)
                events |= PollEvents.POLLHUP;
            if (Tty.CanType)
                events |= PollEvents.POLLOUT | PollEvents.POLLWRNORM;
            return events;
        }
    }

    /// <inheritdoc/>
    public override Result<long> Ioctl(in IoctlRequest request) => PtyMasterIoctl.Perform(Tty, this, request);

    /// <inheritdoc/>
    protected override void Close() => Tty.RemoveMaster();

    private Result<long> ReadPacket(ref IoVector to)
    {
        TerminalPacket status;
        lock (Tty.Lock)
            status = Tty.TakePacketStatus();
        if (status != 0)
            return to.CopyTo([(byte)status]) == 1 ? 1 : Errno.EFAULT;
        if (Tty.ScreenCount == 0)
            return Tty.IsDeserted ? Errno.EIO : Errno.EAGAIN;
        if (to.CopyTo([(byte)TerminalPacket.TIOCPKT_DATA]) != 1)
            return Errno.EFAULT;
        return to.Remaining > 0 && ReadScreen(ref to).TryGet(out var count) ? count + 1 : 1;
    }

    private Result<long> ReadScreen(ref IoVector to)
    {
        Span<byte> piece = stackalloc byte[PieceLength];
        long done = 0;
        while (to.Remaining > 0)
        {
            var count = Tty.TakeScreen(piece[..(int)Math.Min(piece.Length, to.Remaining)]);
            if (count == 0)
                return done > 0 ? done : Errno.EAGAIN;
            var copied = to.CopyTo(piece[..count]);
            done += copied;
            if (copied < count)
                return done > 0 ? done : Errno.EFAULT;
        }
        return done;
    }
}
