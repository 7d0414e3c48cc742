using Nommu.Core.Debugging;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Execution;

/// <summary>Linux: the way between user and kernel mode (<c>do_syscall_64</c>, <c>exit_to_user_mode_loop</c>): a guest thread's life on a host thread. One per kernel.</summary>
/// <remarks>A handler may change who runs on the host thread (vfork, execve, exit): after every call the loop looks anew.</remarks>
internal sealed class RunLoop(SyscallDispatcher dispatcher)
{
    /// <summary>The processor's number of what the trap flag raises (Intel SDM, #DB).</summary>
    internal const ulong DebugException = 1;

    private const ulong TrapFlag = 1 << 8;

    /// <summary>Debuggers under way: whoever is stepped through has to leave at each call.</summary>
    internal int Debuggers;

    private bool AllowsFastPaths => dispatcher.AllowsFastPaths && Volatile.Read(ref Debuggers) == 0;

    /// <summary>Runs whoever is on a host thread until nobody is.</summary>
    internal void Run(HostThread host)
    {
        var cpu = host.Cpu;
        cpu.FastPaths = AllowsFastPaths;
        while (host.Current is { } thread)
        {
            if (!host.Turn.IsFor(thread.Space))
                host.Turn.Take(thread.Space);
            if (thread.Work != 0 && !LookAtWork(host, thread))
                continue;
            if (thread.Space.HasOwnGs || cpu.OwnsGs)
                PrepareGs(thread, cpu);
            var exit = (thread.Work & GuestThread.WorkStep) != 0 || (cpu.Registers.Rflags & TrapFlag) != 0 ? thread.Step() : cpu.Run();
            if (cpu.HasTakenGs && TakeGs(thread, cpu) && exit.Kind == GuestExitKind.Fault)
                continue;
            switch (exit.Kind)
            {
                case GuestExitKind.SystemCall:
                    Call(host, thread, (int)cpu.Registers.Rax);
                    break;
                case GuestExitKind.TrappedSystemCall:
                    Trapped(thread, ref cpu.Registers);
                    Call(host, thread, (int)cpu.Registers.Rax);
                    break;
                case GuestExitKind.Fault when SignalFault.TryRepair(thread, exit):
                    break;
                case GuestExitKind.Fault when ZpolineMiss.TryUndo(thread, exit, ref cpu.Registers):
                    Call(host, thread, (int)cpu.Registers.Rax);
                    break;
                case GuestExitKind.Fault when exit.Signal == HostSignals.SIGTRAP && TookTrap(thread, cpu, exit):
                    break;
                case GuestExitKind.Fault:
                    SignalFault.Raise(thread, exit);
                    break;
                default:
                    // A kick means that somebody has set Work, of this thread or of one that waits below it.
                    cpu.FastPaths = AllowsFastPaths;
                    break;
            }
        }
        host.Turn.GiveUp();
    }

    private void Call(HostThread host, GuestThread thread, int number)
    {
        ref var registers = ref host.Cpu.Registers;
        while (true)
        {
            SyscallResult result;
            if (host.History is { } history)
            {
                ref var call = ref history.Next();
                (call.ThreadId, call.Number, call.Result) = (thread.Id, number, SyscallResult.NoReturn);
                call.Arguments = new SyscallArguments(registers.Rdi, registers.Rsi, registers.Rdx, registers.R10, registers.R8, registers.R9);
                result = call.Result = dispatcher.Dispatch(thread, number, call.Arguments);
            }
            else
            {
                result = dispatcher.Dispatch(thread, number, new SyscallArguments(registers.Rdi, registers.Rsi, registers.Rdx, registers.R10, registers.R8, registers.R9));
            }
            if (result.IsNoReturn)
                return;
            registers.Rax = (ulong)result.Value;
            if ((thread.Work & GuestThread.WorkStep) != 0)
                _ = ProcessDebugger.Stop(thread, StopReason.Step);
            if (thread.Work == 0 && !SystemCallRestart.IsRestartCode(result.Value))
                return;
            host.EndDoomedParents(thread);
            switch (SignalDelivery.Deliver(thread, number))
            {
                case SignalVerdict.RestartCall:
                    number = (int)registers.Rax;
                    break;
                case SignalVerdict.Exit:
                    End(host, thread);
                    return;
                default:
                    return;
            }
        }
    }

    /// <summary>Whether a debugger wanted it. A vfork child that runs into a breakpoint of its parent's goes on as if there were none.</summary>
    private static bool TookTrap(GuestThread thread, GuestCpu cpu, in GuestExit exit)
    {
        if (thread.Process.Debugger is { } debugger)
            return debugger.Took(thread, exit);
        if (exit.TrapNumber == DebugException)
            return thread.IsWithinInstruction(cpu.Registers.Rip);
        var place = cpu.Registers.Rip - 1;
        if (!thread.Space.IsBreakpoint(place))
            return false;
        cpu.Registers.Rip = place;
        thread.Space.WithoutBreakpoint(place, () =>
        {
            _ = cpu.Step();
            cpu.Registers.Rflags &= ~TrapFlag;
        });
        return true;
    }

    /// <summary>Where GS is the guest's own, its stubs are not to be run any more: it goes on at the instructions they stand for.</summary>
    private static void PrepareGs(GuestThread thread, GuestCpu cpu)
    {
        cpu.OwnsGs = thread.Space.HasOwnGs;
        if (cpu.OwnsGs)
            cpu.Registers.Rip = thread.Space.ToOriginal(cpu.Registers.Rip);
    }

    /// <summary>GS was set by code that was made at run time: what has faulted since is tried once more with nothing rewritten.</summary>
    private static bool TakeGs(GuestThread thread, GuestCpu cpu)
    {
        cpu.HasTakenGs = false;
        return thread.Space.TakeGs() == Abi.Errno.None;
    }

    /// <returns>False where the loop is to look anew.</returns>
    private bool LookAtWork(HostThread host, GuestThread thread)
    {
        host.EndDoomedParents(thread);
        switch (SignalDelivery.Deliver(thread, SignalDelivery.NoCall))
        {
            case SignalVerdict.RestartCall:
                Call(host, thread, (int)host.Cpu.Registers.Rax);
                return false;
            case SignalVerdict.Exit:
                End(host, thread);
                return false;
            default:
                return true;
        }
    }

    /// <summary>What the instruction itself would have done (Intel SDM, SYSCALL), and a note so that the next load of the file needs no trap here.</summary>
    private static void Trapped(GuestThread thread, ref GuestRegisters registers)
    {
        registers.Rcx = registers.Rip;
        registers.R11 = registers.Rflags;
        thread.Space.RememberTrappedSite(registers.Rip - SystemCallRestart.InstructionLength);
    }

    private static void End(HostThread host, GuestThread thread)
    {
        thread.Exit();
        host.Leave(thread);
    }
}
