using System.Runtime.InteropServices;
using Nommu.Core.Host;

namespace Nommu.Core.Execution;

/// <summary>Why the guest was left, and for a fault what Linux would put into the signal's siginfo and context.</summary>
/// <param name="Kind">Which of the four ways.</param>
/// <param name="Signal">For <see cref="GuestExitKind.Fault"/>: the signal's number.</param>
/// <param name="Code">For a fault: si_code.</param>
/// <param name="Address">For a fault: si_addr.</param>
/// <param name="TrapNumber">For a fault: the processor's exception number.</param>
/// <param name="ErrorCode">For a fault: the processor's error code.</param>
internal readonly record struct GuestExit(GuestExitKind Kind, int Signal, int Code, ulong Address, ulong TrapNumber, ulong ErrorCode);

/// <summary>A host thread's ability to run guest code: its context block, bound to GS, and the trap for its system calls. One per host thread, used on that thread only but for <see cref="Kick"/>.</summary>
internal sealed unsafe class GuestCpu : IDisposable
{
    private const ulong AUDIT_ARCH_X86_64 = 0xC000003E;
    internal const uint InitialMxcsr = 0x1f80;
    internal const ushort InitialFcw = 0x37f;
    private const int MxcsrOffset = 24;

    private readonly ExecutionRuntime _runtime = ExecutionRuntime.Instance;
    private readonly GuestContext* _context;
    private readonly delegate* unmanaged<GuestContext*, void> _enter;
    private readonly nint _hostThread = HostCalls.syscall(HostCalls.SYS_gettid, 0, 0, 0, 0, 0, 0);
    private readonly Lock _kickLock = new();
    private ulong _hostMask;
    private GuestSignalStack? _signalStack;
    private bool _disposed;

    private GuestCpu()
    {
        var size = (nuint)(GuestContext.XStateOffset + _runtime.XStateSize);
        _context = (GuestContext*)NativeMemory.AlignedAlloc(size, 64);
        NativeMemory.Clear(_context, size);
        _context->Self = _context->FoundGs = (ulong)_context;
        _context->SyscallEntry = _runtime.Gate.FastEntry;
        _enter = (delegate* unmanaged<GuestContext*, void>)_runtime.Gate.Enter;
        Reset();
    }

    /// <summary>The guest's registers while it is out.</summary>
    internal ref GuestRegisters Registers => ref _context->Registers;

    internal ref GuestContext Context => ref *_context;

    /// <summary>Whether simple calls are answered without leaving the guest; off while calls are traced or replaced by the host.</summary>
    internal bool FastPaths
    {
        get => _context->SyscallEntry == _runtime.Gate.FastEntry;
        set => _context->SyscallEntry = value ? _runtime.Gate.FastEntry : _runtime.Gate.SlowEntry;
    }

    /// <summary>Binds the current host thread: signal mask, alternate stack, GS, the trap for system calls.</summary>
    /// <param name="start">Where the code of guests may be.</param>
    /// <param name="end">The first address behind it.</param>
    /// <returns>To be disposed on the same thread.</returns>
    /// <exception cref="PlatformNotSupportedException">The host refuses the trap to this thread.</exception>
    internal static GuestCpu AttachToCurrentThread(ulong start, ulong end)
    {
        var cpu = new GuestCpu();
        try
        {
            cpu.Bind(start, end);
            return cpu;
        }
        catch
        {
            cpu.Dispose();
            throw;
        }
    }

    private void Bind(ulong start, ulong end)
    {
        var mask = ~0UL;
        foreach (var signal in new[] { HostSignals.SIGILL, HostSignals.SIGTRAP, HostSignals.SIGBUS, HostSignals.SIGFPE, HostSignals.SIGSEGV, HostSignals.SIGSYS, HostSignals.ActivationSignal, _runtime.Signals.KickSignal })
            mask &= ~(1UL << (signal - 1));
        ulong old;
        _ = HostCalls.pthread_sigmask(2, &mask, &old);
        _hostMask = old;
        _signalStack = new GuestSignalStack(_context);
        ((delegate* unmanaged<GuestContext*, void>)_runtime.Gate.Bind)(_context);
        if (!_runtime.Trap.Attach((nint)(&_context->SudSelector), start, end))
            throw new PlatformNotSupportedException("The host does not let this thread trap the system calls of guests.");
    }

    /// <summary>A place for <see cref="Save"/>.</summary>
    internal GuestCpuState NewState() => new(_runtime.XStateSize);

    /// <summary>Runs the guest until it leaves. An ordinary unmanaged call to the runtime: collections go on meanwhile.</summary>
    internal GuestExit Run()
    {
        _enter(_context);
        var kind = _context->ExitKind;
        if (_context->FoundGs != (ulong)_context)
            NoteGs();
        if (kind == GuestExitKind.TrappedSystemCall && _context->ErrorCode != AUDIT_ARCH_X86_64)
            return ForbiddenInterrupt();
        if (kind is GuestExitKind.SystemCall or GuestExitKind.TrappedSystemCall)
            return new GuestExit(kind, 0, 0, 0, 0, 0);
        if (kind == GuestExitKind.Kick)
        {
            Interlocked.Exchange(ref _context->KickPending, 0); // a fence: whoever still saw it set has set Work before, and we look at that next
            return new GuestExit(kind, 0, 0, 0, 0, 0);
        }
        return new GuestExit(kind, (int)_context->Signal, (int)_context->Code, _context->Address, _context->TrapNumber, _context->ErrorCode);
    }

    private void NoteGs()
    {
        _context->GsBase = _context->FoundGs;
        _context->FoundGs = (ulong)_context;
        HasTakenGs = _context->OwnsGs == 0;
    }

    /// <summary>int 0x80, the 32-bit programs' way into the kernel, which this one has not: as where Linux is built without it, the processor refuses that gate (Intel SDM vol. 3, 6.13: the vector and the IDT bit).</summary>
    private GuestExit ForbiddenInterrupt()
    {
        const int SI_KERNEL = 0x80, GeneralProtection = 13, Vector = 0x80, InstructionLength = 2;
        _context->Registers.Rip -= InstructionLength;
        return new GuestExit(GuestExitKind.Fault, HostSignals.SIGSEGV, SI_KERNEL, 0, GeneralProtection, (Vector << 3) | 2);
    }

    /// <summary>Whether GS is the guest's own when it runs. Then nothing it runs may be rewritten.</summary>
    internal bool OwnsGs
    {
        get => _context->OwnsGs != 0;
        set => _context->OwnsGs = value ? 1U : 0;
    }

    /// <summary>The guest has set GS by an instruction, though it does not own it yet.</summary>
    internal bool HasTakenGs { get; set; }

    /// <summary>Runs one instruction of the guest, which leaves with SIGTRAP and TRAP_TRACE then, where it does not leave otherwise. Goes in by the way of those that have GS for themselves: only that loads the trap flag together with rip.</summary>
    internal GuestExit Step()
    {
        const ulong TrapFlag = 1 << 8;
        var (owns, gs) = (_context->OwnsGs, _context->GsBase);
        if (owns == 0)
            (_context->OwnsGs, _context->GsBase) = (1, (ulong)_context);
        _context->Registers.Rflags |= TrapFlag;
        var exit = Run();
        if (owns == 0)
            (_context->OwnsGs, _context->GsBase) = (0, gs);
        return exit;
    }

    /// <summary>Makes <see cref="Run"/> return <see cref="GuestExitKind.Kick"/> soon: at once if the guest runs, else at the next entry. From any thread.</summary>
    internal void Kick()
    {
        lock (_kickLock)
        {
            // One under way is enough; the lock has it that its signal has been sent already, where there has to be one.
            if (_disposed || Volatile.Read(ref _context->KickPending) != 0)
                return;
            Volatile.Write(ref _context->KickPending, 1);
            Interlocked.MemoryBarrierProcessWide(); // stands in for the fence that the entry does without
            if (Volatile.Read(ref _context->InGuest) != 0)
                _ = HostCalls.syscall(HostCalls.SYS_tgkill, Environment.ProcessId, _hostThread, _runtime.Signals.KickSignal, 0, 0, 0);
        }
    }

    /// <summary>The state a program finds at its start: general registers zero, floating point as Linux hands it over.</summary>
    internal void Reset()
    {
        _context->Registers = default;
        _context->Registers.Rflags = 0x202;
        _context->FsBase = 0;
        _context->GsBase = 0;
        ResetXState();
    }

    /// <summary>Floating point and vectors as a program or a signal handler finds them at its start.</summary>
    internal void ResetXState()
    {
        var xstate = XState;
        xstate.Clear();
        MemoryMarshal.Write(xstate, InitialFcw);
        MemoryMarshal.Write(xstate[MxcsrOffset..], InitialMxcsr);
        XStateChanged();
    }

    /// <summary>To be called after <see cref="XState"/> has been written, so that the guest goes on with it. What the processor would not load must not be in it.</summary>
    internal void XStateChanged()
    {
        _context->GuestFcw = MemoryMarshal.Read<ushort>(XState);
        _context->GuestMxcsr = MemoryMarshal.Read<uint>(XState[MxcsrOffset..]);
        _context->Saved = SavedState.All;
    }

    /// <summary>Bytes of <see cref="XState"/> that a signal frame holds, and the features in them.</summary>
    internal XStateLayout XStateLayout => _runtime.XStateLayout;

    /// <summary>The XSAVE image in standard format. Complete after a fault, a trap or a kick; after a system call only its vector registers are, or xmm alone.</summary>
    internal Span<byte> XState => new((byte*)_context + GuestContext.XStateOffset, _runtime.XStateSize);

    /// <summary>Makes <see cref="XState"/> complete after a system call too, for whoever copies it or runs another guest thread on this host thread: fetches the x87 registers, which managed code leaves alone.</summary>
    internal void CompleteXState()
    {
        if (_context->Saved == SavedState.All)
            return;
        const int X87Bytes = 160, XStateBv = 512;
        const ulong X87 = 1, Sse = 2;
        var area = stackalloc byte[512 + 16];
        area = (byte*)(((ulong)area + 15) & ~15UL);
        ((delegate* unmanaged<byte*, void>)_runtime.Gate.FetchLegacyState)(area);
        var xstate = XState;
        new ReadOnlySpan<byte>(area, X87Bytes).CopyTo(xstate);
        MemoryMarshal.Write(xstate, _context->GuestFcw); // the host's own is in force by now
        MemoryMarshal.Write(xstate[24..], _context->GuestMxcsr);
        xstate[XStateBv..(XStateBv + 64)].Clear();
        MemoryMarshal.Write(xstate[XStateBv..], X87 | (_context->Saved == SavedState.Vectors ? _runtime.Vectors.Features : Sse));
        _context->Saved = SavedState.All;
    }

    /// <summary>Copies the guest's whole state out; it is unharmed.</summary>
    internal void Save(GuestCpuState state)
    {
        CompleteXState();
        state.Registers = _context->Registers;
        state.FsBase = _context->FsBase;
        state.GsBase = _context->GsBase;
        XState.CopyTo(state.XState);
    }

    /// <summary>Puts a saved state in the place of what is there. From any thread while the guest is out.</summary>
    internal void Load(GuestCpuState state)
    {
        _context->Registers = state.Registers;
        _context->FsBase = state.FsBase;
        _context->GsBase = state.GsBase;
        state.XState.CopyTo(XState);
        XStateChanged();
    }

    /// <summary>Gives the host thread back as it was.</summary>
    public void Dispose()
    {
        lock (_kickLock)
        {
            if (_disposed)
                return;
            _disposed = true;
        }
        _runtime.Trap.Detach();
        ((delegate* unmanaged<GuestContext*, void>)_runtime.Gate.Bind)(null);
        _signalStack?.Dispose();
        var mask = _hostMask;
        _ = HostCalls.pthread_sigmask(2, &mask, null);
        NativeMemory.AlignedFree(_context);
    }
}
