using System.Numerics;
using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Buffers that poll, select, epoll and the copying calls use again, so that they allocate nothing in the steady state.</summary>
internal sealed partial class GuestThread
{
    private PollFd[] _pollFds = [];
    private ulong[] _selectBits = [];
    private byte[]? _copyBuffer;

    /// <summary>How much sendfile(2) and its kin move at once.</summary>
    internal const int CopyBufferSize = 64 * 1024;

    /// <summary>Where sendfile(2) and its kin put what they move.</summary>
    internal byte[] CopyBuffer => _copyBuffer ??= new byte[CopyBufferSize];

    /// <summary>Where poll(2)'s array is copied to. What it held before is still there.</summary>
    internal Span<PollFd> PollFds(int count)
    {
        if (_pollFds.Length < count)
            _pollFds = new PollFd[BitOperations.RoundUpToPowerOf2((uint)count)];
        return _pollFds.AsSpan(0, count);
    }

    /// <summary>Where select(2)'s sets are copied to. What it held before is still there.</summary>
    internal Span<ulong> SelectBits(int words)
    {
        if (_selectBits.Length < words)
            _selectBits = new ulong[BitOperations.RoundUpToPowerOf2((uint)words)];
        return _selectBits.AsSpan(0, words);
    }
}
