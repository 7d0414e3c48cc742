using Nommu.Core.Syscalls;

namespace Nommu.Core.Execution;

/// <summary>A system call as a crash report tells it.</summary>
internal struct CallRecord
{
    internal int ThreadId;
    internal int Number;
    internal SyscallArguments Arguments;

    /// <summary>No return where it has not answered: the caller died in it, or it gave the registers to somebody else.</summary>
    internal SyscallResult Result;
}

/// <summary>The last system calls that were made on a host thread, whoever made them; those that emitted code answers are not among them. Used by that thread alone.</summary>
internal sealed class CallHistory
{
    /// <summary>What a report shows of one thread.</summary>
    internal const int Shown = 20;

    private const int Size = 32;

    private readonly CallRecord[] _calls = new CallRecord[Size];
    private int _next;

    /// <summary>Where the next call is to be noted: in the place of the oldest.</summary>
    internal ref CallRecord Next() => ref _calls[_next++ & (Size - 1)];

    /// <summary>The last ones of a thread, the oldest first.</summary>
    internal CallRecord[] Of(int thread)
    {
        var found = new List<CallRecord>();
        for (var i = _next - 1; i >= 0 && i > _next - 1 - Size && found.Count < Shown; i--)
        {
            if (_calls[i & (Size - 1)].ThreadId == thread)
                found.Insert(0, _calls[i & (Size - 1)]);
        }
        return [.. found];
    }
}
