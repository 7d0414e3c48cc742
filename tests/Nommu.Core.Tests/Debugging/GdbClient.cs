using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Nommu.Core.Debugging;

namespace Nommu.Core.Tests.Debugging;

/// <summary>What gdb does with packets, by hand.</summary>
internal sealed class GdbClient : IDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    internal GdbClient(GdbServer server)
    {
        _socket = new Socket(server.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30000, NoDelay = true };
        _socket.Connect(server.EndPoint);
        _stream = new NetworkStream(_socket);
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    /// <summary>Sends a packet and takes the answer, each acknowledged.</summary>
    internal string Ask(string packet)
    {
        Send(packet);
        return Receive();
    }

    internal void Send(string packet)
    {
        Raw($"${packet}#{packet.Sum(c => c) & 0xff:x2}");
        Assert.That(_stream.ReadByte(), Is.EqualTo('+'));
    }

    internal void Raw(string text) => _stream.Write(Encoding.Latin1.GetBytes(text));

    internal int ReadByte() => _stream.ReadByte();

    internal string Receive()
    {
        Assert.That(_stream.ReadByte(), Is.EqualTo('$'));
        var (text, sum) = (new StringBuilder(), 0);
        for (int next; (next = _stream.ReadByte()) != '#'; sum += next)
        {
            Assert.That(next, Is.Not.EqualTo(-1));
            text.Append((char)next);
        }
        var check = $"{(char)_stream.ReadByte()}{(char)_stream.ReadByte()}";
        Assert.That(int.Parse(check, NumberStyles.HexNumber, CultureInfo.InvariantCulture), Is.EqualTo(sum & 0xff));
        Raw("+");
        return text.ToString();
    }

    internal ulong Register(int number) => BitConverter.ToUInt64(Convert.FromHexString(Ask($"p{number:x}")));
}
