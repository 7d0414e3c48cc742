using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;
using O = Nommu.Core.Execution.ContextOffsets;

namespace Nommu.Core.Execution;

/// <summary>Emitted code through which a host thread enters guest code and comes back. Assembled once for the host process.</summary>
/// <remarks>
/// The facts it stands on:
/// <list type="bullet">
/// <item>The host keeps its thread block at FS and leaves GS alone, so GS is ours: it points at the thread's <see cref="GuestContext"/>. A process that uses GS itself gets it, and none of its text is rewritten then: all its calls trap, and handlers bring the context back.</item>
/// <item>A rewritten site comes with rcx = the address behind its <c>syscall</c> and everything else as the guest had it. Nothing is written at rsp: the 128 bytes below it are the guest's red zone.</item>
/// <item>rflags survive a system call, so the way out uses nothing but <c>mov</c>, <c>lea</c> and <c>jrcxz</c> until they are saved, on the host's stack.</item>
/// <item>Simple questions (getpid and its kin) are answered in <see cref="FastEntry"/> without leaving; r11 is left undefined there, as syscall(2) allows.
/// From its first instruction to its last, r11 holds the return address and rax the number until the last instruction but one, so a kick can always turn it into the slow way or into a finished call.</item>
/// <item>A kick may come anywhere. <see cref="HostSignals"/> looks at rip: inside <see cref="EnterRange"/> the entry is abandoned (the context still holds everything), inside <see cref="SlowRange"/> the guest is leaving anyway.</item>
/// <item>The System V ABI wants DF clear and MXCSR and the x87 control word as they were; the guest's are kept in the context. rt_sigreturn must stay possible while the selector blocks: the restorer lies in the range that Syscall User Dispatch lets through.</item>
/// <item>Managed code uses no x87, so a call keeps vectors alone: xmm, and what is wider where a program was found to use it (<see cref="GuestContext.SaveAllVectors"/>). Faults and kicks save everything, but the protection keys' register, which is the host thread's.</item>
/// </list>
/// </remarks>
internal sealed class GuestGate
{
    private static readonly (AssemblerRegister64 Register, int Offset)[] General =
    [
        (rax, 0x20), (rbx, 0x28), (rcx, 0x30), (rdx, 0x38), (rsi, 0x40), (rbp, 0x50),
        (r8, 0x60), (r9, 0x68), (r10, 0x70), (r11, 0x78), (r12, 0x80), (r13, 0x88), (r14, 0x90), (r15, 0x98),
    ];

    private static readonly (int Number, int Offset)[] FastCalls =
        [(39, O.Pid), (186, O.Tid), (110, O.Ppid), (102, O.Uid), (107, O.Euid), (104, O.Gid), (108, O.Egid)];

    private const int NotPkru = ~(1 << 9);

    private readonly bool _fsGsBase;
    private readonly VectorMoves _vectors;

    internal GuestGate(CodeBuffer buffer, bool fsGsBase, VectorMoves vectors)
    {
        (_fsGsBase, _vectors) = (fsGsBase, vectors);
        EmitLeaving(buffer);
        EmitEntry(buffer);
        EmitFastEntry(buffer);
        EmitBinding(buffer);
        var fetch = new Assembler(64);
        fetch.fxsave64(__[rdi]);
        fetch.ret();
        FetchLegacyState = buffer.Emit(fetch).Address;
    }

    /// <summary><c>void enter(GuestContext*)</c>, an ordinary unmanaged function: returns when the guest has left.</summary>
    internal ulong Enter { get; private set; }

    /// <summary>Where a rewritten site jumps: every call leaves the guest.</summary>
    internal ulong SlowEntry { get; private set; }

    /// <summary>Where a rewritten site jumps: simple questions are answered on the spot.</summary>
    internal ulong FastEntry { get; private set; }

    /// <summary>rcx := r11, then <see cref="SlowEntry"/>: where a kick sends a thread that was in <see cref="FastEntry"/>.</summary>
    internal ulong SlowFromFast { get; private set; }

    /// <summary>Leaves with the registers as a signal handler has noted them; saves the whole extended state.</summary>
    internal ulong LeaveAfterSignal { get; private set; }

    /// <summary>Gives an entry up: the context is as it was, and says why.</summary>
    internal ulong AbandonEntry { get; private set; }

    /// <summary><c>void bind(GuestContext*)</c>: sets GS and notes the host's FS; with null, gives GS back.</summary>
    internal ulong Bind { get; private set; }

    /// <summary><c>void fetch(void* area512)</c>: FXSAVE, for the x87 registers that a plain call leaves in the processor.</summary>
    internal ulong FetchLegacyState { get; private set; }

    internal (ulong Start, ulong End) EnterRange { get; private set; }

    internal (ulong Start, ulong End) SlowRange { get; private set; }

    /// <summary><see cref="FastEntry"/> behind its first instruction, which is the one that fills r11.</summary>
    internal (ulong Start, ulong End) FastRange { get; private set; }

    private void EmitLeaving(CodeBuffer buffer)
    {
        var a = new Assembler(64);
        Label slow = a.CreateLabel(), slowFromFast = a.CreateLabel(), afterSignal = a.CreateLabel(), abandon = a.CreateLabel();
        Label all = a.CreateLabel(), saved = a.CreateLabel(), leave = a.CreateLabel(), end = a.CreateLabel();

        a.Label(ref slowFromFast);
        a.mov(rcx, r11);
        a.Label(ref slow);
        a.mov(__byte_ptr.gs[O.SudSelector], 0);
        a.mov(__qword_ptr.gs[O.Rsp], rsp);
        a.mov(__qword_ptr.gs[O.Rdi], rdi);
        a.mov(rdi, __qword_ptr.gs[O.Self]);
        a.mov(rsp, __qword_ptr[rdi + O.HostRsp]);
        a.pushfq();
        a.pop(r11);
        a.mov(__qword_ptr[rdi + O.Rflags], r11);
        foreach (var (register, offset) in General)
            a.mov(__qword_ptr[rdi + offset], register);
        a.mov(__qword_ptr[rdi + O.Rip], rcx);
        a.mov(__dword_ptr[rdi + O.ExitKind], (int)GuestExitKind.SystemCall);
        a.cmp(__dword_ptr[rdi + O.SaveAllVectors], 0);
        a.jne(all);
        _vectors.SaveXmm(a, rdi);
        a.mov(__dword_ptr[rdi + O.Saved], (int)SavedState.Xmm);
        a.jmp(saved);
        a.Label(ref all);
        _vectors.SaveAll(a, rdi);
        a.mov(__dword_ptr[rdi + O.Saved], (int)SavedState.Vectors);
        a.jmp(saved);

        a.Label(ref afterSignal);
        a.mov(rdi, __qword_ptr.gs[O.Self]);
        a.mov(rsp, __qword_ptr[rdi + O.HostRsp]);
        a.mov(eax, NotPkru);
        a.mov(edx, -1);
        a.xsave64(__[rdi + GuestContext.XStateOffset]);
        a.mov(__dword_ptr[rdi + O.Saved], (int)SavedState.All);
        a.Label(ref saved);
        a.stmxcsr(__dword_ptr[rdi + O.GuestMxcsr]);
        a.fnstcw(__word_ptr[rdi + O.GuestFcw]);
        a.Label(ref leave);
        a.cld();
        if (_fsGsBase)
        {
            a.rdfsbase(rax);
            a.mov(__qword_ptr[rdi + O.FsBase], rax);
        }
        LoadFs(a, O.HostFs);
        a.ldmxcsr(__dword_ptr[rdi + O.HostMxcsr]);
        a.fldcw(__word_ptr[rdi + O.HostFcw]);
        a.mov(__qword_ptr[rdi + O.InGuest], 0);
        a.add(rsp, 8);
        a.pop(r15);
        a.pop(r14);
        a.pop(r13);
        a.pop(r12);
        a.pop(rbp);
        a.pop(rbx);
        a.ret();

        a.Label(ref abandon);
        a.mov(rdi, __qword_ptr.gs[O.Self]);
        a.mov(__byte_ptr[rdi + O.SudSelector], 0);
        a.mov(rsp, __qword_ptr[rdi + O.HostRsp]);
        a.cld();
        LoadFs(a, O.HostFs);
        a.ldmxcsr(__dword_ptr[rdi + O.HostMxcsr]);
        a.fldcw(__word_ptr[rdi + O.HostFcw]);
        a.mov(__qword_ptr[rdi + O.InGuest], 0);
        a.add(rsp, 8);
        a.pop(r15);
        a.pop(r14);
        a.pop(r13);
        a.pop(r12);
        a.pop(rbp);
        a.pop(rbx);
        a.ret();
        a.Label(ref end);
        a.nop();

        var (start, labels) = buffer.Emit(a);
        SlowFromFast = start;
        SlowEntry = labels.GetLabelRIP(slow);
        LeaveAfterSignal = labels.GetLabelRIP(afterSignal);
        AbandonEntry = labels.GetLabelRIP(abandon);
        SlowRange = (start, labels.GetLabelRIP(end));
    }

    private void EmitEntry(CodeBuffer buffer)
    {
        var a = new Assembler(64);
        Label ownGs = a.CreateLabel(), guarded = a.CreateLabel(), more = a.CreateLabel(), everything = a.CreateLabel(), restored = a.CreateLabel(), abandon = a.CreateLabel(), end = a.CreateLabel();
        a.push(rbx);
        a.push(rbp);
        a.push(r12);
        a.push(r13);
        a.push(r14);
        a.push(r15);
        a.sub(rsp, 8);
        a.mov(__qword_ptr[rdi + O.HostRsp], rsp);
        a.stmxcsr(__dword_ptr[rdi + O.HostMxcsr]);
        a.fnstcw(__word_ptr[rdi + O.HostFcw]);
        a.mov(__qword_ptr[rdi + O.InGuest], 1);
        a.Label(ref guarded);
        // No fence: whoever kicks fences all threads of the process between its store and its look at InGuest.
        a.cmp(__dword_ptr[rdi + O.KickPending], 0);
        a.jne(abandon);
        a.cmp(__dword_ptr[rdi + O.Saved], (int)SavedState.Xmm);
        a.jne(more);
        _vectors.LoadXmm(a, rdi);
        a.jmp(restored);
        a.Label(ref more);
        a.cmp(__dword_ptr[rdi + O.Saved], (int)SavedState.All);
        a.je(everything);
        _vectors.LoadAll(a, rdi);
        a.jmp(restored);
        a.Label(ref everything);
        a.mov(eax, NotPkru);
        a.mov(edx, -1);
        a.xrstor64(__[rdi + GuestContext.XStateOffset]);
        a.Label(ref restored);
        a.ldmxcsr(__dword_ptr[rdi + O.GuestMxcsr]);
        a.fldcw(__word_ptr[rdi + O.GuestFcw]);
        LoadFs(a, O.FsBase);
        a.cmp(__dword_ptr[rdi + O.OwnsGs], 0);
        a.jne(ownGs);
        a.push(__qword_ptr[rdi + O.Rflags]);
        a.popfq();
        a.mov(__byte_ptr[rdi + O.SudSelector], 1);
        foreach (var (register, offset) in General)
            a.mov(register, __qword_ptr[rdi + offset]);
        a.mov(rsp, __qword_ptr[rdi + O.Rsp]);
        a.mov(rdi, __qword_ptr[rdi + O.Rdi]);
        a.jmp(__qword_ptr.gs[O.Rip]);
        a.Label(ref ownGs);
        EmitEntryWithOwnGs(a);
        a.Label(ref abandon);
        a.mov(__dword_ptr[rdi + O.ExitKind], (int)GuestExitKind.Kick);
        a.mov(rax, AbandonEntry);
        a.jmp(rax);
        a.Label(ref end);
        a.nop();

        var (start, labels) = buffer.Emit(a);
        Enter = start;
        EnterRange = (labels.GetLabelRIP(guarded), labels.GetLabelRIP(end));
    }

    /// <summary>GS is the guest's from here on, so what is left to load comes from the host's stack, and iretq loads the rest of it at once. NT would make a task switch of that (Intel SDM, IRET).</summary>
    private void EmitEntryWithOwnGs(Assembler a)
    {
        const int NotNestedTask = ~(1 << 14);
        a.mov(eax, ss);
        a.push(rax);
        a.push(__qword_ptr[rdi + O.Rsp]);
        a.mov(rax, __qword_ptr[rdi + O.Rflags]);
        a.and(eax, NotNestedTask);
        a.push(rax);
        a.mov(eax, cs);
        a.push(rax);
        a.push(__qword_ptr[rdi + O.Rip]);
        LoadGs(a);
        a.mov(__byte_ptr[rdi + O.SudSelector], 1);
        foreach (var (register, offset) in General)
            a.mov(register, __qword_ptr[rdi + offset]);
        a.mov(rdi, __qword_ptr[rdi + O.Rdi]);
        a.iretq();
    }

    private void EmitFastEntry(CodeBuffer buffer)
    {
        var a = new Assembler(64);
        var answers = FastCalls.Select(_ => a.CreateLabel()).ToArray();
        var end = a.CreateLabel();
        var prepared = a.CreateLabel();
        a.mov(r11, rcx);
        a.Label(ref prepared);
        for (var i = 0; i < FastCalls.Length; i++)
        {
            a.lea(ecx, __[rax - FastCalls[i].Number]);
            a.jrcxz(answers[i]);
        }
        a.mov(rcx, r11);
        var slot = a.CreateLabel();
        a.jmp(__qword_ptr[slot]);
        a.Label(ref slot);
        a.dq(SlowEntry);
        for (var i = 0; i < FastCalls.Length; i++)
        {
            a.Label(ref answers[i]);
            a.mov(rcx, r11);
            a.mov(eax, __dword_ptr.gs[FastCalls[i].Offset]);
            a.jmp(rcx);
        }
        a.Label(ref end);
        a.nop();

        var (start, labels) = buffer.Emit(a);
        FastEntry = start;
        FastRange = (labels.GetLabelRIP(prepared), labels.GetLabelRIP(end));
    }

    private void EmitBinding(CodeBuffer buffer)
    {
        var a = new Assembler(64);
        var unbind = a.CreateLabel();
        if (_fsGsBase)
        {
            a.test(rdi, rdi);
            a.je(unbind);
            a.rdfsbase(rax);
            a.mov(__qword_ptr[rdi + O.HostFs], rax);
            a.Label(ref unbind);
            a.wrgsbase(rdi);
            a.ret();
        }
        else
        {
            a.test(rdi, rdi);
            a.je(unbind);
            a.mov(rax, __qword_ptr.fs[0]); // the thread block's first word is its own address (System V TLS variant II)
            a.mov(__qword_ptr[rdi + O.HostFs], rax);
            a.Label(ref unbind);
            a.mov(rsi, rdi);
            a.mov(edi, 0x1001); // ARCH_SET_GS
            a.mov(eax, 158);
            a.syscall();
            a.ret();
        }
        Bind = buffer.Emit(a).Address;
    }

    /// <summary>FS := the context's word. rdi = context; destroys rax, rcx, rdx, rsi, r11.</summary>
    private void LoadFs(Assembler a, int offset)
    {
        a.mov(rax, __qword_ptr[rdi + offset]);
        if (_fsGsBase)
            a.wrfsbase(rax);
        else
            SetBase(a, 0x1002); // ARCH_SET_FS
    }

    /// <summary>GS := what the guest had there. As <see cref="LoadFs"/>.</summary>
    private void LoadGs(Assembler a)
    {
        a.mov(rax, __qword_ptr[rdi + O.GsBase]);
        if (_fsGsBase)
            a.wrgsbase(rax);
        else
            SetBase(a, 0x1001); // ARCH_SET_GS
    }

    private static void SetBase(Assembler a, int code)
    {
        a.mov(rdx, rdi);
        a.mov(rsi, rax);
        a.mov(edi, code);
        a.mov(eax, 158);
        a.syscall();
        a.mov(rdi, rdx);
    }
}
