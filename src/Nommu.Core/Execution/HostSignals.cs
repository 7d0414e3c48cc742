using Iced.Intel;
using Nommu.Core.Host;
using static Iced.Intel.AssemblerRegisters;
using O = Nommu.Core.Execution.ContextOffsets;

namespace Nommu.Core.Execution;

/// <summary>Our handlers for the signals that a guest's instructions can raise, for the kick, and a wrapper for CoreCLR's activation signal: emitted code in front of what was there before.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>They touch no thread-local storage: FS may be the guest's, and GS too. The alternate stack tells whether the thread runs guests: it has a size that nobody else's has, and at its far end stands the context
/// (the signal's frame says which stack the thread has, <c>uc_stack</c>). rip tells where it was.</item>
/// <item>A signal's frame does not hold GS, so what a handler puts there stays: whoever leaves a guest finds the context there, and what the guest had is noted.</item>
/// <item>A fault in a user-copy routine goes on at its fix-up; one in guest code becomes an exit of <c>enter</c>; everything else goes to the handler that was installed before, with its arguments.</item>
/// <item>Every handler needs SA_ONSTACK, since a guest's rsp may be anything. CoreCLR asks for it for SIGSEGV alone: its other handlers walk managed frames and compare their own address with theirs,
/// so they must run where the thread was interrupted. Before one of these is called the whole signal frame is moved there, as if the host's kernel had put it there. The restorer is ours, since rt_sigreturn must get past Syscall User Dispatch while the guest's selector blocks.</item>
/// <item>A kick that finds rip inside one of these handlers, or in the restorer behind it, does nothing: that handler is about to leave the guest or to run the host's. Only the activation wrapper goes back to the guest, so it blocks the kick.</item>
/// <item>The way out of a guest takes the host's rsp, so rt_sigreturn is given that one: some hypervisors refuse to return to an rsp that is no canonical address, as a guest's may be.</item>
/// <item>A jump to a non-canonical address faults at the jump itself, which may be the last instruction of the entry: the context still holds the guest's registers then, with that address as rip.</item>
/// </list>
/// </remarks>
internal sealed unsafe class HostSignals
{
    internal const int SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGSYS = 31, ActivationSignal = 34;
    private const ulong SA_SIGINFO = 4, SA_RESTORER = 0x04000000, SA_ONSTACK = 0x08000000, SA_RESTART = 0x10000000;
    private const int GregsInUcontext = 40, RipInUcontext = GregsInUcontext + 8 * 16, RcxInUcontext = GregsInUcontext + 8 * 14, RspInUcontext = GregsInUcontext + 8 * 15, FlagsInUcontext = GregsInUcontext + 8 * 17;
    private const int TrapFlag = 1 << 8;
    private const int StackInUcontext = 16, StackSizeInUcontext = 32;

    /// <summary>Places in the ucontext's gregs of rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8..r15, rip, rflags (sys/ucontext.h).</summary>
    private static readonly int[] Gregs = [13, 11, 14, 12, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17];

    private readonly GuestGate _gate;
    private readonly UserCopyCode _copy;
    private readonly bool _fsGsBase;
    private readonly List<(int Signal, HostSigaction Action)> _actions = [];

    internal HostSignals(CodeBuffer buffer, GuestGate gate, UserCopyCode copy, bool fsGsBase)
    {
        (_gate, _copy, _fsGsBase) = (gate, copy, fsGsBase);
        KickSignal = FindKickSignal();
        var start = (ulong)buffer.Start + (ulong)buffer.Used;
        var restorer = new Assembler(64);
        restorer.mov(eax, 15); // rt_sigreturn
        restorer.syscall();
        var restorerAddress = buffer.Emit(restorer).Address;

        // Restorer and handlers are emitted last: whatever follows their start is theirs.
        var handlers = (start, (ulong)buffer.Start + BufferSize);
        foreach (var signal in new[] { SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, KickSignal, ActivationSignal })
        {
            var previous = Query(signal);
            if (signal == ActivationSignal && previous.Handler <= 1)
                continue;
            var action = previous.Handler > 1 ? previous : default;
            action.Handler = EmitHandler(buffer, signal, previous, handlers);
            action.Flags |= SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_RESTORER;
            action.Restorer = restorerAddress;
            if (signal == ActivationSignal)
                action.Mask |= 1UL << (KickSignal - 1);
            _actions.Add((signal, action));
        }
    }

    internal const int BufferSize = 1 << 16;

    /// <summary>The real-time signal that makes a running guest leave.</summary>
    internal int KickSignal { get; }

    /// <summary>After the code has been sealed.</summary>
    internal void Install()
    {
        foreach (var (signal, action) in _actions)
        {
            var copy = action;
            if (HostCalls.syscall(HostCalls.SYS_rt_sigaction, signal, (nint)(&copy), 0, 8, 0, 0) != 0)
                throw new InvalidOperationException($"The host refuses a handler for signal {signal}.");
        }
    }

    private static HostSigaction Query(int signal)
    {
        HostSigaction action;
        HostCalls.syscall(HostCalls.SYS_rt_sigaction, signal, 0, (nint)(&action), 8, 0, 0);
        return action;
    }

    private static int FindKickSignal()
    {
        for (var signal = 40; signal < 64; signal++)
        {
            if (Query(signal).Handler == 0)
                return signal;
        }
        throw new InvalidOperationException("No real-time signal of the host is free.");
    }

    private ulong EmitHandler(CodeBuffer buffer, int signal, in HostSigaction previous, (ulong Start, ulong End) handlers)
    {
        var a = new Assembler(64);
        Label chain = a.CreateLabel(), done = a.CreateLabel(), entering = a.CreateLabel(), leave = a.CreateLabel(), redirect = a.CreateLabel(), stepped = a.CreateLabel();
        var asynchronous = signal == KickSignal || signal == ActivationSignal;
        a.mov(rcx, __qword_ptr[rdx + RipInUcontext]);
        if (signal is SIGSEGV or SIGBUS)
        {
            a.mov(r9, _copy.BulkFixup);
            JumpIfIn(a, rcx, _copy.BulkRange, redirect);
            a.mov(r9, _copy.WordFixup);
            JumpIfIn(a, rcx, _copy.WordRange, redirect);
        }
        LoadContext(a);
        a.test(rax, rax);
        a.je(chain);
        a.cmp(__qword_ptr[rax + O.InGuest], 0);
        a.je(chain);
        if (signal == ActivationSignal)
        {
            a.jmp(done); // preemptive mode: the collector does not wait for this thread
        }
        else
        {
            if (signal == KickSignal)
            {
                JumpIfIn(a, rcx, handlers, done);
                JumpIfIn(a, rcx, _gate.SlowRange, done);
                JumpIfIn(a, rcx, _gate.EnterRange, entering);
                EmitKickInFastEntry(a, redirect, leave);
            }
            else
            {
                JumpIfIn(a, rcx, _gate.SlowRange, signal == SIGTRAP ? stepped : chain);
                if (signal == SIGTRAP)
                    JumpIfIn(a, rcx, (_gate.FastEntry, _gate.FastRange.End), stepped);
                JumpIfIn(a, rcx, handlers, chain);
                JumpIfIn(a, rcx, _gate.EnterRange, entering);
            }
            a.Label(ref leave);
            for (var i = 0; i < Gregs.Length; i++)
            {
                a.mov(r8, __qword_ptr[rdx + GregsInUcontext + 8 * Gregs[i]]);
                a.mov(__qword_ptr[rax + O.Rax + 8 * i], r8);
            }
            NoteGs(a);
            a.mov(r9, _gate.LeaveAfterSignal);
            var why = a.CreateLabel();
            a.jmp(why);
            a.Label(ref entering);
            a.mov(__qword_ptr[rax + O.FoundGs], rax);
            a.mov(r9, _gate.AbandonEntry);
            a.Label(ref why);
            TakeGs(a);
            var kind = signal == KickSignal ? GuestExitKind.Kick : signal == SIGSYS ? GuestExitKind.TrappedSystemCall : GuestExitKind.Fault;
            a.mov(__dword_ptr[rax + O.ExitKind], (int)kind);
            a.mov(__qword_ptr[rax + O.Signal], signal);
            a.movsxd(r8, __dword_ptr[rsi + 8]);
            a.mov(__qword_ptr[rax + O.Code], r8);
            a.mov(r8, __qword_ptr[rsi + 16]);
            a.mov(__qword_ptr[rax + O.Address], r8);
            a.mov(r8, __qword_ptr[rdx + GregsInUcontext + 8 * 20]);
            a.mov(__qword_ptr[rax + O.TrapNumber], r8);
            if (signal == SIGSYS)
                a.mov(r8d, __dword_ptr[rsi + 28]); // si_arch
            else
                a.mov(r8, __qword_ptr[rdx + GregsInUcontext + 8 * 19]);
            a.mov(__qword_ptr[rax + O.ErrorCode], r8);
            a.mov(__byte_ptr[rax + O.SudSelector], 0);
            a.mov(r8, __qword_ptr[rax + O.HostRsp]);
            a.mov(__qword_ptr[rdx + RspInUcontext], r8);
            a.and(__qword_ptr[rdx + FlagsInUcontext], ~TrapFlag); // single steps are the guest's, not ours
            a.Label(ref redirect);
            a.mov(__qword_ptr[rdx + RipInUcontext], r9);
        }
        a.Label(ref done);
        a.ret();

        // A guest that steps itself has called the kernel: the entry is not to be stepped through.
        a.Label(ref stepped);
        a.and(__qword_ptr[rdx + FlagsInUcontext], ~TrapFlag);
        a.ret();

        a.Label(ref chain);
        if (previous.Handler > 1)
        {
            if ((previous.Flags & SA_ONSTACK) == 0)
                EmitMoveToInterruptedStack(a);
            a.mov(rax, previous.Handler);
            a.jmp(rax);
        }
        else if (asynchronous || previous.Handler == 1)
        {
            a.ret();
        }
        else
        {
            EmitDefaultAction(a, signal);
        }
        return buffer.Emit(a).Address;
    }

    /// <summary>rip in <see cref="GuestGate.FastEntry"/>: before the answer is in rax, take the slow way; at the closing <c>jmp rcx</c> (ff e1), the call is over.</summary>
    private void EmitKickInFastEntry(Assembler a, Label redirect, Label leave)
    {
        Label elsewhere = a.CreateLabel(), notFirst = a.CreateLabel();
        a.mov(r8, _gate.FastEntry);
        a.mov(r9, _gate.SlowEntry);
        a.cmp(rcx, r8);
        a.je(redirect);
        a.mov(r8, _gate.FastRange.Start);
        a.cmp(rcx, r8);
        a.jb(elsewhere);
        a.mov(r8, _gate.FastRange.End);
        a.cmp(rcx, r8);
        a.jae(elsewhere);
        a.mov(r9, _gate.SlowFromFast);
        a.cmp(__word_ptr[rcx], 0xe1ff);
        a.jne(redirect);
        a.mov(r8, __qword_ptr[rdx + RcxInUcontext]);
        a.mov(__qword_ptr[rdx + RipInUcontext], r8);
        a.jmp(leave);
        a.Label(ref elsewhere);
        a.nop();
    }

    /// <summary>Moves the signal frame (return address, ucontext, siginfo, extended state) below the red zone of the interrupted stack and takes that as the stack; rt_sigreturn will find it there.</summary>
    /// <remarks>The frame ends with the extended state, whose size is at byte 468 of it (sigcontext.h, fp_sw_bytes.extended_size). Its alignment by 64 is kept.</remarks>
    private static void EmitMoveToInterruptedStack(Assembler a)
    {
        const int FpInUcontext = GregsInUcontext + 8 * 23;
        var inPlace = a.CreateLabel();
        a.mov(r8, __qword_ptr[rdx + RspInUcontext]);
        a.mov(rax, r8);
        a.sub(rax, rsp);
        a.cmp(rax, 16 << 10);
        a.jb(inPlace); // nested on the alternate stack: the frame already lies below what was interrupted
        a.mov(r9, __qword_ptr[rdx + FpInUcontext]);
        a.mov(ecx, __dword_ptr[r9 + 468]);
        a.add(rcx, r9);
        a.sub(rcx, rsp);
        a.lea(rax, __[r8 - 128]);
        a.sub(rax, rcx);
        a.and(rax, -64);
        a.mov(r10, rsp);
        a.and(r10, 63);
        a.add(rax, r10);
        a.mov(r8, rdi);
        a.mov(r10, rsi);
        a.mov(rdi, rax);
        a.mov(rsi, rsp);
        a.rep.movsb();
        a.sub(rax, rsp); // how far it has moved
        a.add(r9, rax);
        a.add(rdx, rax);
        a.mov(__qword_ptr[rdx + FpInUcontext], r9);
        a.lea(rsi, __[r10 + rax]);
        a.mov(rdi, r8);
        a.add(rsp, rax);
        a.Label(ref inPlace);
        a.nop();
    }

    /// <summary>Nobody handled this signal before us: put the default action back and let the instruction raise it again.</summary>
    private static void EmitDefaultAction(Assembler a, int signal)
    {
        a.sub(rsp, 40);
        a.xor(eax, eax);
        for (var i = 0; i < 4; i++)
            a.mov(__qword_ptr[rsp + 8 * i], rax);
        a.mov(edi, signal);
        a.mov(rsi, rsp);
        a.xor(edx, edx);
        a.mov(r10d, 8);
        a.mov(eax, HostCalls.SYS_rt_sigaction);
        a.syscall();
        a.add(rsp, 40);
        a.ret();
    }

    private static void JumpIfIn(Assembler a, AssemblerRegister64 value, (ulong Start, ulong End) range, Label target)
    {
        var outside = a.CreateLabel();
        a.mov(r8, range.Start);
        a.cmp(value, r8);
        a.jb(outside);
        a.mov(r8, range.End);
        a.cmp(value, r8);
        a.jb(target);
        a.Label(ref outside);
        a.nop();
    }

    /// <summary>rax := the context of this thread, 0 where it runs no guests. rdx = ucontext.</summary>
    private static void LoadContext(Assembler a)
    {
        var elsewhere = a.CreateLabel();
        a.xor(eax, eax);
        a.cmp(__qword_ptr[rdx + StackSizeInUcontext], GuestSignalStack.Size);
        a.jne(elsewhere);
        a.mov(rax, __qword_ptr[rdx + StackInUcontext]);
        a.mov(rax, __qword_ptr[rax]);
        a.Label(ref elsewhere);
        a.nop();
    }

    /// <summary>Without the instructions for it a guest cannot change GS behind our back.</summary>
    private void NoteGs(Assembler a)
    {
        if (!_fsGsBase)
            return;
        a.rdgsbase(r8);
        a.mov(__qword_ptr[rax + O.FoundGs], r8);
    }

    /// <summary>GS := the context. rax = context; keeps rax, rdx, rsi, rdi, r9.</summary>
    private void TakeGs(Assembler a)
    {
        if (_fsGsBase)
        {
            a.wrgsbase(rax);
            return;
        }
        var ours = a.CreateLabel();
        a.cmp(__dword_ptr[rax + O.OwnsGs], 0);
        a.je(ours);
        a.push(rax);
        a.push(rdi);
        a.push(rsi);
        a.mov(rsi, rax);
        a.mov(edi, 0x1001); // ARCH_SET_GS
        a.mov(eax, HostCalls.SYS_arch_prctl);
        a.syscall();
        a.pop(rsi);
        a.pop(rdi);
        a.pop(rax);
        a.Label(ref ours);
        a.nop();
    }
}
