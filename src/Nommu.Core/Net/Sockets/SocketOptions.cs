using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Net.Sockets;

/// <summary>Linux: the options of <c>struct sock</c> that socket(7) lists.</summary>
internal sealed class SocketOptions
{
    /// <summary>Linux: net.core.wmem_max, rmem_max and the defaults, in bytes.</summary>
    internal const int DefaultBuffer = 212992;

    private const int SmallestSendBuffer = 4608, SmallestReceiveBuffer = 2304;

    private readonly bool[] _flags = new bool[(int)SocketOption.SO_PASSCRED + 1];
    private int _lingerOn;
    private int _lingerSeconds;
    private int _priority;
    private int _receiveLowWater = 1;

    /// <summary>Bytes under way, with what their keeping costs.</summary>
    internal int SendBuffer { get; private set; } = DefaultBuffer;

    internal int ReceiveBuffer { get; private set; } = DefaultBuffer;

    /// <summary>Nanoseconds, or <see cref="MonotonicClock.Never"/>.</summary>
    internal long ReceiveTimeout { get; private set; } = MonotonicClock.Never;

    /// <summary>Nanoseconds, or <see cref="MonotonicClock.Never"/>.</summary>
    internal long SendTimeout { get; private set; } = MonotonicClock.Never;

    /// <summary>SO_PASSCRED: the sender's credentials come with every message.</summary>
    internal bool PassesCredentials => _flags[(int)SocketOption.SO_PASSCRED];

    /// <summary>setsockopt(2) at level SOL_SOCKET.</summary>
    /// <returns>ENOPROTOOPT for what is unknown or can't be set; EINVAL, EDOM, EPERM.</returns>
    internal Errno Set(SocketOption option, ReadOnlySpan<byte> value, Credentials credentials)
    {
        if (value.Length < sizeof(int))
            return Errno.EINVAL;
        var number = MemoryMarshal.Read<int>(value);
        switch (option)
        {
            case SocketOption.SO_DEBUG when number != 0 && !credentials.Has(Capability.CAP_NET_ADMIN):
                return Errno.EACCES;
            case SocketOption.SO_DEBUG or SocketOption.SO_REUSEADDR or SocketOption.SO_DONTROUTE or SocketOption.SO_BROADCAST or SocketOption.SO_KEEPALIVE or SocketOption.SO_OOBINLINE or SocketOption.SO_PASSCRED:
                _flags[(int)option] = number != 0;
                return Errno.None;
            case SocketOption.SO_SNDBUF:
                SendBuffer = Doubled(Math.Min((uint)number, DefaultBuffer), SmallestSendBuffer);
                return Errno.None;
            case SocketOption.SO_RCVBUF:
                ReceiveBuffer = Doubled(Math.Min((uint)number, DefaultBuffer), SmallestReceiveBuffer);
                return Errno.None;
            case SocketOption.SO_SNDBUFFORCE or SocketOption.SO_RCVBUFFORCE when !credentials.Has(Capability.CAP_NET_ADMIN):
                return Errno.EPERM;
            case SocketOption.SO_SNDBUFFORCE:
                SendBuffer = Doubled((uint)Math.Max(number, 0), SmallestSendBuffer);
                return Errno.None;
            case SocketOption.SO_RCVBUFFORCE:
                ReceiveBuffer = Doubled((uint)Math.Max(number, 0), SmallestReceiveBuffer);
                return Errno.None;
            case SocketOption.SO_RCVLOWAT:
                _receiveLowWater = number < 0 ? int.MaxValue : Math.Max(number, 1);
                return Errno.None;
            case SocketOption.SO_PRIORITY when number is (< 0 or > 6) && !credentials.Has(Capability.CAP_NET_RAW) && !credentials.Has(Capability.CAP_NET_ADMIN):
                return Errno.EPERM;
            case SocketOption.SO_PRIORITY:
                _priority = number;
                return Errno.None;
            case SocketOption.SO_LINGER:
                return SetLinger(value);
            case SocketOption.SO_RCVTIMEO or SocketOption.SO_SNDTIMEO:
                return SetTimeout(option, value);
            default:
                return Errno.ENOPROTOOPT;
        }
    }

    /// <summary>getsockopt(2) at level SOL_SOCKET.</summary>
    /// <returns>The value; ENOPROTOOPT for what is unknown.</returns>
    internal Result<byte[]> Get(SocketOption option, Socket socket) => option switch
    {
        SocketOption.SO_DEBUG or SocketOption.SO_REUSEADDR or SocketOption.SO_DONTROUTE or SocketOption.SO_BROADCAST or SocketOption.SO_KEEPALIVE or SocketOption.SO_OOBINLINE or SocketOption.SO_PASSCRED => Bytes(_flags[(int)option] ? 1 : 0),
        SocketOption.SO_TYPE => Bytes((int)socket.Type),
        SocketOption.SO_DOMAIN => Bytes((int)socket.Family),
        SocketOption.SO_PROTOCOL => Bytes(socket.Protocol),
        SocketOption.SO_ERROR => Bytes((int)socket.TakeError()),
        SocketOption.SO_SNDBUF => Bytes(SendBuffer),
        SocketOption.SO_RCVBUF => Bytes(ReceiveBuffer),
        SocketOption.SO_PRIORITY => Bytes(_priority),
        SocketOption.SO_LINGER => Bytes((_lingerOn, _lingerSeconds)),
        SocketOption.SO_RCVLOWAT => Bytes(_receiveLowWater),
        SocketOption.SO_SNDLOWAT => Bytes(1),
        SocketOption.SO_RCVTIMEO => Bytes(ToTimeval(ReceiveTimeout)),
        SocketOption.SO_SNDTIMEO => Bytes(ToTimeval(SendTimeout)),
        SocketOption.SO_ACCEPTCONN => Bytes(socket.IsListening ? 1 : 0),
        SocketOption.SO_PEERCRED => Bytes(socket.PeerCredentials),
        _ => Errno.ENOPROTOOPT,
    };

    private static int Doubled(uint value, int smallest) => (int)Math.Max(Math.Min(value, int.MaxValue / 2) * 2, (uint)smallest);

    private Errno SetLinger(ReadOnlySpan<byte> value)
    {
        if (value.Length < 2 * sizeof(int))
            return Errno.EINVAL;
        _lingerOn = MemoryMarshal.Read<int>(value) != 0 ? 1 : 0;
        if (_lingerOn != 0)
            _lingerSeconds = MemoryMarshal.Read<int>(value[sizeof(int)..]);
        return Errno.None;
    }

    private Errno SetTimeout(SocketOption option, ReadOnlySpan<byte> value)
    {
        if (value.Length < Marshal.SizeOf<Timeval>())
            return Errno.EINVAL;
        var time = MemoryMarshal.Read<Timeval>(value);
        if ((ulong)time.Microseconds >= 1_000_000)
            return Errno.EDOM;
        var timeout = time.Seconds < 0 ? 0
            : time == default ? MonotonicClock.Never
            : time.Seconds >= long.MaxValue / 1_000_000_000 - 1 ? MonotonicClock.Never
            : (time.Seconds * 1_000_000_000) + (time.Microseconds * 1000);
        if (option == SocketOption.SO_RCVTIMEO)
            ReceiveTimeout = timeout;
        else
            SendTimeout = timeout;
        return Errno.None;
    }

    private static Timeval ToTimeval(long timeout) => timeout == MonotonicClock.Never ? default : new Timeval(timeout / 1_000_000_000, timeout % 1_000_000_000 / 1000);

    private static Result<byte[]> Bytes<T>(T value) where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
