using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Execution;

/// <summary>
/// A system call whose <c>call *%rax</c> could not be made. Its rax points past page zero: the call went to whatever address that is, where Linux looks at eax alone. Or there is no stack to push to,
/// as when a thread has unmapped its own and exits. Linux answers; so do we, one fault later. What stays different is a number that is the address of code.
/// </summary>
internal static class ZpolineMiss
{
    /// <summary>Makes of the fault the system call that was meant.</summary>
    /// <returns>False for every other fault.</returns>
    internal static bool TryUndo(GuestThread thread, in GuestExit exit, ref GuestRegisters registers)
    {
        ulong next;
        if (registers.Rip == registers.Rax)
        {
            // The target could not be fetched: the call has pushed its return address.
            if (thread.Memory.Read(new UserPtr<ulong>(registers.Rsp), out next) != Abi.Errno.None || !thread.Space.IsZpolineSite(next - SystemCallRestart.InstructionLength))
                return false;
            registers.Rsp += sizeof(ulong);
        }
        else if (registers.Rip < Arena.PageSize && exit.Address == registers.Rsp - sizeof(ulong))
        {
            // The slide had no room for its word behind the return address.
            if (thread.Memory.Read(new UserPtr<ulong>(registers.Rsp), out next) != Abi.Errno.None || !thread.Space.IsZpolineSite(next - SystemCallRestart.InstructionLength))
                return false;
            registers.Rsp += sizeof(ulong);
        }
        else if ((IsCanonical(registers.Rax) && IsCanonical(registers.Rsp) && exit.Address != registers.Rsp - sizeof(ulong)) || !thread.Space.IsZpolineSite(registers.Rip))
        {
            return false;
        }
        else
        {
            // A target or a stack that cannot be an address, or a stack that is not there, is refused by the call itself, which has pushed nothing then (Intel SDM, CALL).
            next = registers.Rip + SystemCallRestart.InstructionLength;
        }
        (registers.Rip, registers.Rcx, registers.R11) = (next, next, registers.Rflags);
        return true;
    }

    private static bool IsCanonical(ulong address) => (ulong)((long)(address << 16) >> 16) == address;
}
