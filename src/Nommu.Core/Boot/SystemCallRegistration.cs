using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Boot;

/// <summary>A host's own system call: a number and what stands there instead.</summary>
internal sealed record SystemCallRegistration(int Number, Func<SystemCallHandler, SystemCallHandler> Wrap)
{
    internal void AddTo(SyscallDispatcher dispatcher) => dispatcher.Replace(Number, old =>
    {
        var handler = Wrap((in SystemCall call) => old(call.Thread, call.Arguments));
        return (GuestThread thread, in SyscallArguments arguments) => handler(new SystemCall(Number, thread, arguments));
    });
}
