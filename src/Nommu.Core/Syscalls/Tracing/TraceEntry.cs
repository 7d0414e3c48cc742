using System.Text;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls.Tracing;

/// <summary>A call under way, as one session sees it.</summary>
internal sealed class TraceEntry(GuestThread thread, SyscallDescription call, in SyscallArguments arguments)
{
    private readonly SyscallArguments _arguments = arguments;
    private bool _hasArguments;
    private bool _hasComma;

    internal GuestThread Thread => thread;

    /// <summary>The thread's number when the call was made; execve may change it.</summary>
    internal int Id { get; } = thread.Id;

    internal SyscallDescription Call => call;

    internal ref readonly SyscallArguments Arguments => ref _arguments;

    /// <summary>CLOCK_REALTIME and CLOCK_MONOTONIC when it was made, in nanoseconds.</summary>
    internal (long Real, long Monotonic) Began { get; init; }

    internal required TraceWriter Writer { get; init; }

    /// <summary>The arguments that have been shown, each.</summary>
    internal List<string> Shown { get; } = [];

    internal bool IsDone { get; set; }

    /// <summary>Shows arguments up to the first that the call fills in, or when it has been made the others.</summary>
    internal string ShowArguments(bool isReturned)
    {
        var text = new StringBuilder(isReturned ? "" : call.Name + "(");
        for (var i = Shown.Count; i < call.Arguments.Length && (isReturned || !call.Arguments[i].IsOut); i++)
        {
            var isUnfilled = isReturned && call.Arguments[i].IsOut && Writer.Result.Error != Abi.Errno.None;
            if (isUnfilled)
                Writer.Address(_arguments[i]);
            else
                call.Arguments[i].Format(Writer, _arguments);
            var argument = Writer.Take();
            if (argument.Length > 0 && _hasArguments && !_hasComma)
                text.Append(", ");
            text.Append(argument);
            _hasComma &= argument.Length == 0;
            _hasArguments |= argument.Length > 0;
            Shown.Add(argument);
        }
        // What is still to come stands behind the comma, as in strace.
        if (!isReturned && _hasArguments && Shown.Count < call.Arguments.Length)
        {
            text.Append(", ");
            _hasComma = true;
        }
        return text.ToString();
    }
}
