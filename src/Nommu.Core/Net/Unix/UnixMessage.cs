using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Net.Unix;

/// <summary>Linux: <c>struct sk_buff</c> with its <c>unix_skb_parms</c>: a packet, or a piece of a stream, between its sender and the receiver's queue.</summary>
/// <param name="data">The bytes.</param>
/// <param name="sender">Whose send buffer it is charged to.</param>
/// <param name="charge">By how much.</param>
internal sealed class UnixMessage(byte[] data, UnixSocket sender, int charge)
{
    private int _offset;

    /// <summary>What is left of it.</summary>
    internal ReadOnlySpan<byte> Rest => data.AsSpan(_offset);

    internal int Length => data.Length - _offset;

    internal UnixSocket Sender => sender;

    /// <summary>What its sender has less room for while it is in the queue.</summary>
    internal int Charge => charge;

    /// <summary>The sender's name, if it had one.</summary>
    internal byte[]? From { get; } = sender.Name;

    /// <summary>Who sent it, where either side asks for it.</summary>
    internal Ucred? Credentials { get; init; }

    /// <summary>Open files under way; each has a reference.</summary>
    internal FileDescription[]? Files { get; private set; }

    /// <summary>Linux: the user whose <c>unix_inflight</c> they count in.</summary>
    internal uint FilesOwner { get; private set; }

    internal void Carry(FileDescription[]? files, uint owner) => (Files, FilesOwner) = (files, owner);

    internal void Skip(int count) => _offset += count;

    /// <summary>The files, with a reference for whoever looks only.</summary>
    internal FileDescription[]? CopyFiles() => Files is { } files ? Array.ConvertAll(files, static file => file.Retain()) : null;

    internal FileDescription[]? TakeFiles()
    {
        var files = Files;
        Files = null;
        return files;
    }

    /// <summary>
    /// Linux: <c>truesize</c>. What keeping a piece of some length costs, so that as much fits into a socket as in Linux: struct sk_buff (256 bytes), skb_shared_info (320) with what stands in the linear part,
    /// which kmalloc rounds up to its sizes, and pages for the rest.
    /// </summary>
    /// <param name="length">Bytes in all.</param>
    /// <param name="paged">Bytes in pages, a multiple of a page or all of them.</param>
    internal static int Cost(int length, int paged)
    {
        var linear = ((Math.Max(length - paged, 0) + 63) & ~63) + 320;
        var allocated = linear is > 64 and <= 96 ? 96 : linear is > 128 and <= 192 ? 192 : (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)linear);
        return 256 + allocated + ((paged + 4095) & ~4095);
    }
}
