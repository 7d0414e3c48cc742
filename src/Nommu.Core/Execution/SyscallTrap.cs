using System.Runtime.InteropServices;
using Nommu.Core.Host;
using Nommu.Core.Memory;

namespace Nommu.Core.Execution;

/// <summary>What makes SIGSYS of a guest's <c>syscall</c> instruction that nobody has rewritten, so that the host's kernel does not answer it.</summary>
internal abstract class SyscallTrap
{
    /// <summary>Whether the addresses of guests must never be anything else in this process, not even when their kernel is gone.</summary>
    internal virtual bool KeepsAddresses => false;

    /// <summary>Whether threads that a thread with a trap makes begin with its traps.</summary>
    internal virtual bool IsInherited => false;

    /// <summary>Traps calls of the current host thread while it runs a guest.</summary>
    /// <param name="selector">A byte that is 1 while the guest runs.</param>
    /// <param name="start">Where guest code may be.</param>
    /// <param name="end">The first address behind it.</param>
    /// <returns>False when the host refuses.</returns>
    internal abstract bool Attach(nint selector, ulong start, ulong end);

    /// <summary>Ends it, as far as the host lets one.</summary>
    internal abstract void Detach();

    /// <summary>The best that the host has.</summary>
    /// <param name="code">Emitted code, whose calls are ours.</param>
    /// <exception cref="PlatformNotSupportedException">It has neither.</exception>
    internal static SyscallTrap Choose(CodeBuffer code)
    {
        if (!ExecutionSwitches.IsSet(ExecutionSwitches.DisableSyscallUserDispatch) && UserDispatchTrap.IsThere)
            return new UserDispatchTrap((nuint)code.Start);
        return SeccompTrap.IsThere
            ? new SeccompTrap()
            : throw new PlatformNotSupportedException("Guests need Syscall User Dispatch (Linux 5.11, prctl(2)) or else seccomp filters with SECCOMP_RET_TRAP (seccomp(2)), so that none of their system calls reaches the host's kernel. This host has neither, or a sandbox forbids both.");
    }
}

/// <summary>Linux 5.11: Syscall User Dispatch (PR_SET_SYSCALL_USER_DISPATCH, prctl(2)): every call of a thread traps while a byte says so, but for those from one range.</summary>
internal sealed unsafe class UserDispatchTrap(nuint code) : SyscallTrap
{
    private const int PR_SET_SYSCALL_USER_DISPATCH = 59;
    private const nuint Off = 0, On = 1;

    internal static bool IsThere => HostCalls.prctl(PR_SET_SYSCALL_USER_DISPATCH, Off, 0, 0, 0) == 0;

    internal override bool Attach(nint selector, ulong start, ulong end) =>
        HostCalls.prctl(PR_SET_SYSCALL_USER_DISPATCH, On, code, HostSignals.BufferSize, (nuint)selector) == 0;

    internal override void Detach() => _ = HostCalls.prctl(PR_SET_SYSCALL_USER_DISPATCH, Off, 0, 0, 0);
}

/// <summary>
/// A seccomp filter (seccomp(2)) for hosts without Syscall User Dispatch: calls from the addresses of guests trap, all others pass.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A filter can't be taken off and is inherited by new threads. So the range it names must stay the guests' for as long as the process lives, and threads with filters should make no threads for guests: filters would add up.</item>
/// <item>It sees the address behind the instruction, nothing of who jumped there: a guest that jumps to a <c>syscall</c> of the host's libc is not caught.</item>
/// <item>Filters of the unprivileged need PR_SET_NO_NEW_PRIVS: programs that this thread of the host executes gain no rights by set-user-id.</item>
/// </list>
/// </remarks>
internal sealed unsafe class SeccompTrap : SyscallTrap
{
    private const int PR_SET_NO_NEW_PRIVS = 38;
    private const int SYS_seccomp = 317, SECCOMP_SET_MODE_FILTER = 1, SECCOMP_GET_ACTION_AVAIL = 2;
    private const uint SECCOMP_RET_TRAP = 0x00030000, SECCOMP_RET_ALLOW = 0x7fff0000;

    /// <summary>Offsets in struct seccomp_data of the two halves of instruction_pointer.</summary>
    private const uint LowAddress = 8, HighAddress = 12;

    private const ushort LoadWord = 0x20, JumpIfEqual = 0x15, JumpIfGreater = 0x25, JumpIfNotLess = 0x35, Return = 0x06;

    internal static bool IsThere
    {
        get
        {
            var action = SECCOMP_RET_TRAP;
            return HostCalls.syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, (nint)(&action), 0, 0, 0) == 0;
        }
    }

    internal override bool KeepsAddresses => true;

    internal override bool IsInherited => true;

    internal override bool Attach(nint selector, ulong start, ulong end)
    {
        if (HostCalls.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            return false;
        var filter = Filter(start, end);
        fixed (SockFilter* first = filter)
        {
            var program = new SockFprog { Length = (ushort)filter.Length, Filter = first };
            return HostCalls.syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (nint)(&program), 0, 0, 0) == 0;
        }
    }

    /// <summary>The filter stays; nothing but guests' code is where it looks.</summary>
    internal override void Detach()
    {
    }

    /// <summary>A classic BPF program: trap if start &lt;= address &lt; end, in halves of 32 bits, or the address is one of those of programs that have fixed ones.</summary>
    private static SockFilter[] Filter(ulong start, ulong end)
    {
        var (startHigh, startLow, endHigh, endLow) = ((uint)(start >> 32), (uint)start, (uint)(end >> 32), (uint)end);
        const int Search = 5, SearchEnd = 9, Allow = 14, Trap = 15;
        return
        [
            new(LoadWord, 0, 0, HighAddress),
            Jump(JumpIfEqual, 1, 2, Search, 0),
            new(LoadWord, 0, 0, LowAddress),
            Jump(JumpIfNotLess, 3, 4, Allow, (uint)FixedAddresses.Start),
            Jump(JumpIfNotLess, 4, Allow, Trap, (uint)FixedAddresses.LastEnd),
            Jump(JumpIfGreater, 5, SearchEnd, 6, startHigh),
            Jump(JumpIfEqual, 6, 7, Allow, startHigh),
            new(LoadWord, 0, 0, LowAddress),
            Jump(JumpIfNotLess, 8, SearchEnd, Allow, startLow),
            new(LoadWord, 0, 0, HighAddress),
            Jump(JumpIfGreater, 10, Allow, 11, endHigh),
            Jump(JumpIfEqual, 11, 12, Trap, endHigh),
            new(LoadWord, 0, 0, LowAddress),
            Jump(JumpIfNotLess, 13, Allow, Trap, endLow),
            new(Return, 0, 0, SECCOMP_RET_ALLOW),
            new(Return, 0, 0, SECCOMP_RET_TRAP),
        ];
    }

    /// <summary>A jump counts from the line behind its own.</summary>
    private static SockFilter Jump(ushort code, int line, int ifTrue, int ifFalse, uint operand) => new(code, (byte)(ifTrue - line - 1), (byte)(ifFalse - line - 1), operand);

    /// <summary>Linux: <c>struct sock_filter</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct SockFilter(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

    /// <summary>Linux: <c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SockFprog
    {
        internal ushort Length;
        internal SockFilter* Filter;
    }
}
