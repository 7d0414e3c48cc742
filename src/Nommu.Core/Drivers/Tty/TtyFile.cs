using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: the <c>struct file</c> of a terminal (drivers/tty/tty_io.c), as a program has it open.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The last reference disposes of it in Close.")]
internal sealed class TtyFile : FileDescription
{
    private const PollEvents HungUp =
        PollEvents.POLLIN | PollEvents.POLLOUT | PollEvents.POLLERR | PollEvents.POLLHUP | PollEvents.POLLRDNORM | PollEvents.POLLWRNORM;

    private const int PieceLength = 1024;

    /// <summary>A write goes on after this many bytes, but not before signals have been looked at: a terminal may take all there is, byte for byte.</summary>
    internal const int MostAtOnce = 1 << 16;

    private readonly InputTimer _timer;
    private readonly int _hangUps;
    private readonly bool _isConsole;

    private TtyFile(Tty tty, in OpenRequest request, bool isConsole) : base(request.Path, request.Flags)
    {
        Tty = tty;
        _timer = new InputTimer(tty);
        _hangUps = tty.HangUps;
        _isConsole = isConsole;
    }

    internal Tty Tty { get; }

    /// <summary>Whether it was opened as /dev/console.</summary>
    internal bool IsConsole => _isConsole;

    /// <inheritdoc/>
    public override bool WritesInParts => true;

    /// <summary>Linux: <c>hung_up_tty_fops</c>. What was opened as /dev/console outlives a hang-up.</summary>
    internal bool IsHungUp => Tty.HangUps != _hangUps && !_isConsole;

    /// <summary>Linux: <c>tty_open</c>.</summary>
    /// <param name="tty">The terminal.</param>
    /// <param name="request">Through which node and how.</param>
    /// <param name="mayControl">Whether a session's leader gets it as its controlling terminal.</param>
    /// <param name="isConsole">Whether it is opened as /dev/console.</param>
    internal static Result<FileDescription> Open(Tty tty, in OpenRequest request, bool mayControl, bool isConsole = false)
    {
        var error = tty.AddOpen(request.Thread is null || request.Thread.Credentials.Has(Capability.CAP_SYS_ADMIN));
        if (error != Errno.None)
            return error;
        if (mayControl && request.Thread is { } thread && request.CanRead && (request.Flags & OpenFlags.O_NOCTTY) == 0)
            tty.ControlIfFree(thread.Process);
        return new TtyFile(tty, request, isConsole);
    }

    /// <inheritdoc/>
    internal override Errno CheckRead(GuestThread thread) => _isConsole || IsHungUp ? Errno.None : Tty.CheckForeground(thread, Signal.SIGTTIN);

    /// <inheritdoc/>
    internal override Errno CheckWrite(GuestThread thread) =>
        _isConsole || IsHungUp || (Tty.Termios.Local & TermiosLocal.TOSTOP) == 0 ? Errno.None : Tty.CheckForeground(thread, Signal.SIGTTOU);

    /// <inheritdoc/>
    public override Result<long> Read(ref IoVector to)
    {
        if (to.Remaining == 0)
            return 0;
        Span<byte> buffer = stackalloc byte[(int)Math.Min(to.Remaining, InputBuffer.Capacity)];
        int count;
        lock (Tty.Lock)
        {
            if (IsHungUp)
                return 0;
            if (!_timer.IsDue(buffer.Length, IsNonblocking))
                return Errno.EAGAIN;
            _timer.Reset();
            count = Tty.TakeInput(buffer);
        }
        Tty.SendRaised();
        return to.CopyTo(buffer[..count]) == 0 && count > 0 ? Errno.EFAULT : (long)count;
    }

    /// <inheritdoc/>
    public override Result<long> Write(ref IoVector from)
    {
        if (!_isConsole || Tty.Redirection.Take() is not { } other)
            return WriteHere(ref from);
        var result = other.WriteHere(ref from);
        other.Release();
        return result;
    }

    private Result<long> WriteHere(ref IoVector from)
    {
        Span<byte> piece = stackalloc byte[PieceLength];
        long done = 0;
        while (from.Remaining > 0 && done < MostAtOnce)
        {
            // What is copied must find its room, so only as much as the room is certain for.
            lock (Tty.Lock)
            {
                if (IsHungUp)
                    return done > 0 ? done : Errno.EIO;
                var room = Tty.CertainRoom(piece.Length);
                if (room == 0)
                    return done > 0 ? done : Errno.EAGAIN;
                var count = from.CopyFrom(piece[..(int)Math.Min(room, from.Remaining)]);
                done += Tty.Write(piece[..count]);
            }
            if (from.Faulted)
                return done > 0 ? done : Errno.EFAULT;
        }
        return done;
    }

    /// <inheritdoc/>
    public override PollEvents Poll(PollTable? table)
    {
        var other = _isConsole ? Tty.Redirection.Take() : null;
        var output = other?.Tty ?? Tty;
        table?.Add(Tty.InputQueue);
        table?.Add(output.RoomQueue);
        bool canWrite;
        lock (output.Lock)
            canWrite = output.CanWrite;
        other?.Release();
        lock (Tty.Lock)
        {
            if (IsHungUp)
                return HungUp;
            var events = PollEvents.None;
            ref readonly var termios = ref Tty.Termios;
            var wanted = termios[TermiosCharacter.VTIME] == 0 ? Math.Max(1, (int)termios[TermiosCharacter.VMIN]) : 1;
            if (Tty.Line.CanRead(wanted))
                events |= PollEvents.POLLIN | PollEvents.POLLRDNORM;
            if (canWrite)
                events |= PollEvents.POLLOUT | PollEvents.POLLWRNORM;
            return events;
        }
    }

    /// <inheritdoc/>
    public override Result<long> Ioctl(in IoctlRequest request) =>
        IsHungUp ? (IoctlNumber)request.Request == IoctlNumber.TIOCSPGRP ? Errno.ENOTTY : Errno.EIO : TtyIoctl.Perform(Tty, this, request);

    /// <inheritdoc/>
    public override void Interrupt()
    {
        lock (Tty.Lock)
            _timer.Reset();
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        _timer.Dispose();
        Tty.RemoveOpen();
    }
}
