using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Sockets;

/// <summary>Turns the operations of a <see cref="Socket"/>, which never wait, into what connect(2), accept(2), send(2) and recv(2) promise.</summary>
internal static class SocketCalls
{
    internal static Errno Connect(GuestThread thread, SocketFile file, ReadOnlySpan<byte> address)
    {
        var sleep = new SocketSleep(thread, file.Socket.Options.SendTimeout);
        try
        {
            var ended = Errno.None;
            while (true)
            {
                var error = file.Socket.Connect(thread, address, out var blocked);
                if (error != Errno.EAGAIN || blocked is null || file.IsNonblocking)
                    return error;
                if (ended != Errno.None)
                    return ended;
                ended = sleep.On(blocked);
            }
        }
        finally
        {
            sleep.Dispose();
        }
    }

    internal static Result<Socket> Accept(GuestThread thread, SocketFile file)
    {
        var sleep = new SocketSleep(thread, file.Socket.Options.ReceiveTimeout);
        try
        {
            var ended = Errno.None;
            while (true)
            {
                var result = file.Socket.Accept(out var blocked);
                if (result.Error != Errno.EAGAIN || blocked is null || file.IsNonblocking)
                    return result;
                if (ended != Errno.None)
                    return ended;
                ended = sleep.On(blocked);
            }
        }
        finally
        {
            sleep.Dispose();
        }
    }

    /// <summary>Sends a packet, or all of a stream's bytes: a partial count is answered only when a signal or an error comes between.</summary>
    internal static Result<long> Send(GuestThread thread, SocketFile file, ref OutgoingMessage message)
    {
        var total = message.Data.Remaining;
        var waits = !file.IsNonblocking && (message.Flags & MessageFlags.MSG_DONTWAIT) == 0;
        var sleep = new SocketSleep(thread, file.Socket.Options.SendTimeout);
        try
        {
            var ended = Errno.None;
            while (true)
            {
                var result = file.Socket.Send(ref message, out var blocked);
                var done = total - message.Data.Remaining;
                if (result.IsOk && (!file.Socket.IsStream || message.Data.Remaining == 0 || message.Data.Faulted))
                    return file.Socket.IsStream ? done : result;
                if (result.IsOk && thread.IsSignalPending)
                    return done;
                if (result.IsOk)
                    continue;
                if (result.Error != Errno.EAGAIN || blocked is null || !waits)
                    return Failed(thread, file, message.Flags, done, result.Error);
                if (ended != Errno.None)
                    return done > 0 ? done : ended;
                ended = sleep.On(blocked);
            }
        }
        finally
        {
            sleep.Dispose();
        }
    }

    /// <summary>Receives a packet or what there is of a stream; with MSG_WAITALL all of it.</summary>
    internal static Result<long> Receive(GuestThread thread, SocketFile file, ref IncomingMessage message)
    {
        var waits = !file.IsNonblocking && (message.Flags & MessageFlags.MSG_DONTWAIT) == 0;
        message.Waits = waits;
        var waitsForAll = (message.Flags & MessageFlags.MSG_WAITALL) != 0 && file.Socket.IsStream && !message.IsPeek;
        var sleep = new SocketSleep(thread, file.Socket.Options.ReceiveTimeout);
        try
        {
            long done = 0;
            var ended = Errno.None;
            while (true)
            {
                var result = file.Socket.Receive(ref message, out var blocked);
                if (result.IsOk)
                    done += result.Value;
                if (result.IsOk && (!waitsForAll || result.Value == 0 || message.Data.Remaining == 0 || message.Data.Faulted || message.Files is not null))
                    return done;
                if (result.IsOk)
                    continue;
                if (result.Error != Errno.EAGAIN || blocked is null || !waits)
                    return done > 0 ? done : result;
                if (ended != Errno.None)
                    return done > 0 ? done : ended;
                ended = sleep.On(blocked);
            }
        }
        finally
        {
            sleep.Dispose();
        }
    }

    private static Result<long> Failed(GuestThread thread, SocketFile file, MessageFlags flags, long done, Errno error)
    {
        if (done > 0)
            return done;
        if (error == Errno.EPIPE && file.Socket.IsStream && (flags & MessageFlags.MSG_NOSIGNAL) == 0)
            thread.SendSignalToSelf(Signal.SIGPIPE);
        return error;
    }
}
