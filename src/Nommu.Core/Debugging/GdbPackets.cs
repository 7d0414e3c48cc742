using System.Globalization;
using System.Text;

namespace Nommu.Core.Debugging;

/// <summary>Packets of gdb's remote protocol: <c>$text#checksum</c>, each answered with + or - until both sides agree to do without. One byte is one char (Latin-1).</summary>
internal sealed class GdbPackets(Stream stream)
{
    /// <summary>What gdb sends for Ctrl-C, outside of packets.</summary>
    internal const string Break = "\u0003";

    /// <summary>Longer ones are not ours.</summary>
    internal const int LargestPacket = 1 << 16;

    private readonly byte[] _buffer = new byte[4096];
    private int _at;
    private int _filled;

    /// <summary>Set once QStartNoAckMode has been answered.</summary>
    internal bool NeedsNoAcknowledgement { get; set; }

    /// <summary>The next packet, or <see cref="Break"/>.</summary>
    /// <returns>Null at the end of the connection.</returns>
    internal async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (await NextAsync(cancellationToken))
            {
                case -1:
                    return null;
                case 3:
                    return Break;
                case '$':
                    if (await ReadBodyAsync(cancellationToken) is { } packet)
                        return packet.Length == 0 && _filled < 0 ? null : packet;
                    break;
                default:
                    break; // acknowledgements, and noise
            }
        }
    }

    /// <summary>Sends a packet.</summary>
    internal async Task WriteAsync(string packet, CancellationToken cancellationToken)
    {
        var sum = 0;
        foreach (var c in packet)
            sum += c;
        await stream.WriteAsync(Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${packet}#{sum & 0xff:x2}")), cancellationToken);
    }

    /// <summary>Binary data in a packet: what means something in the protocol is escaped.</summary>
    internal static string Escape(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
        {
            if (value is (byte)'#' or (byte)'$' or (byte)'}' or (byte)'*')
                text.Append('}').Append((char)(value ^ 0x20));
            else
                text.Append((char)value);
        }
        return text.ToString();
    }

    /// <summary>The way back.</summary>
    internal static byte[] Unescape(ReadOnlySpan<char> text)
    {
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
            bytes.Add(text[i] == '}' && i + 1 < text.Length ? (byte)(text[++i] ^ 0x20) : (byte)text[i]);
        return [.. bytes];
    }

    /// <returns>Null where the sum is wrong and the packet will be sent again.</returns>
    private async Task<string?> ReadBodyAsync(CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var sum = 0;
        while (true)
        {
            var next = await NextAsync(cancellationToken);
            if (next < 0 || text.Length > LargestPacket)
            {
                _filled = -1;
                return "";
            }
            if (next == '#')
                break;
            sum += next;
            text.Append((char)next);
        }
        var (high, low) = (await NextAsync(cancellationToken), await NextAsync(cancellationToken));
        var isRight = int.TryParse($"{(char)high}{(char)low}", NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var expected) && expected == (sum & 0xff);
        if (!NeedsNoAcknowledgement)
            await stream.WriteAsync(new[] { isRight ? (byte)'+' : (byte)'-' }, cancellationToken);
        return isRight || NeedsNoAcknowledgement ? text.ToString() : null;
    }

    private async ValueTask<int> NextAsync(CancellationToken cancellationToken)
    {
        if (_filled < 0)
            return -1;
        if (_at == _filled)
        {
            _at = _filled = 0; // the read may be given up
            try
            {
                _filled = await stream.ReadAsync(_buffer, cancellationToken);
            }
            catch (IOException)
            {
                _filled = 0;
            }
            if (_filled == 0)
            {
                _filled = -1;
                return -1;
            }
        }
        return _buffer[_at++];
    }
}
