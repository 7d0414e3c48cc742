using System.Numerics;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Polling;

/// <summary>Linux: <c>do_select</c> and its six <c>fd_set_bits</c>: three sets asked for, then the three found, all of the same number of words.</summary>
internal readonly ref struct SelectOperation
{
    private const PollEvents ReadEvents = PollEvents.POLLRDNORM | PollEvents.POLLRDBAND | PollEvents.POLLIN | PollEvents.POLLHUP | PollEvents.POLLERR | PollEvents.POLLNVAL;
    private const PollEvents WriteEvents = PollEvents.POLLWRBAND | PollEvents.POLLWRNORM | PollEvents.POLLOUT | PollEvents.POLLERR | PollEvents.POLLNVAL;
    private const PollEvents ExceptionEvents = PollEvents.POLLPRI | PollEvents.POLLNVAL;

    private readonly GuestThread _thread;
    private readonly Span<ulong> _bits;
    private readonly int _count;
    private readonly int _words;

    /// <param name="thread">Who waits; its buffer holds the sets.</param>
    /// <param name="count">Descriptors below this one.</param>
    internal SelectOperation(GuestThread thread, int count)
    {
        _thread = thread;
        _count = count;
        _words = (count + 63) / 64;
        _bits = thread.SelectBits(_words * 6);
    }

    /// <summary>What is asked: 0 to read, 1 to write, 2 for exceptions.</summary>
    internal Span<ulong> Asked(int set) => _bits.Slice(set * _words, _words);

    /// <summary>What was found, in the same order.</summary>
    internal Span<ulong> Found(int set) => _bits.Slice((set + 3) * _words, _words);

    /// <returns>How many bits are set in what was found; EBADF, or ERESTARTNOHAND for a signal.</returns>
    internal Result<int> Wait(long deadline)
    {
        var ready = Look(null, mustBeOpen: true);
        if (ready < 0)
            return Errno.EBADF;
        if (ready > 0)
            return ready;
        if (_thread.IsSignalPending)
            return Errno.ERESTARTNOHAND;
        return deadline == PollOperation.Immediately ? 0 : Sleep(deadline);
    }

    private Result<int> Sleep(long deadline)
    {
        try
        {
            var ready = Look(_thread.PollTable, mustBeOpen: false);
            while (ready == 0)
            {
                var error = _thread.Sleep(deadline);
                ready = Look(null, mustBeOpen: false);
                if (error != Errno.None && ready == 0)
                    return error == Errno.ETIMEDOUT ? 0 : Errno.ERESTARTNOHAND;
            }
            return ready;
        }
        finally
        {
            _thread.PollTable.Clear();
        }
    }

    private int Look(PollTable? table, bool mustBeOpen)
    {
        Found(0).Clear();
        Found(1).Clear();
        Found(2).Clear();
        var ready = 0;
        for (var word = 0; word < _words; word++)
        {
            var all = _bits[word] | _bits[word + _words] | _bits[word + (2 * _words)];
            if (word == _words - 1 && (_count & 63) != 0)
                all &= (1UL << (_count & 63)) - 1;
            for (; all != 0; all &= all - 1)
            {
                var bit = BitOperations.TrailingZeroCount(all);
                using var use = _thread.Files.Get((word << 6) + bit);
                if (mustBeOpen && use.File is null)
                    return -1;
                ready += Note(word, 1UL << bit, use.Opened is { } file ? file.PollAs(_thread, ready == 0 ? table : null) : PollEvents.POLLNVAL);
            }
        }
        return ready;
    }

    private int Note(int word, ulong bit, PollEvents events)
    {
        var ready = 0;
        if ((events & ReadEvents) != 0 && (_bits[word] & bit) != 0)
        {
            _bits[word + (3 * _words)] |= bit;
            ready++;
        }
        if ((events & WriteEvents) != 0 && (_bits[word + _words] & bit) != 0)
        {
            _bits[word + (4 * _words)] |= bit;
            ready++;
        }
        if ((events & ExceptionEvents) != 0 && (_bits[word + (2 * _words)] & bit) != 0)
        {
            _bits[word + (5 * _words)] |= bit;
            ready++;
        }
        return ready;
    }
}
