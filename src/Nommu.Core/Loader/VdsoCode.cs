using Iced.Intel;
using Nommu.Core.Execution;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Loader;

/// <summary>Where the host's own vDSO answers; 0 where it does not.</summary>
internal readonly record struct VdsoTargets(ulong ClockGettime, ulong Gettimeofday, ulong Time, ulong Getcpu);

/// <summary>
/// The functions of a vDSO (vdso(7)). Each jumps to the host's own where that tells the kernel's time: it is a leaf that needs nothing of the host's thread. Else, and where <see cref="_realtimeIsSet"/>
/// says that the guest's real time is not the host's, it makes the system call, by the way that rewritten programs take.
/// </summary>
/// <remarks>What the host's functions do not answer themselves they ask by a <c>syscall</c> of their own, which traps and comes to the kernel like any other.</remarks>
internal sealed class VdsoCode
{
    private const uint SYS_gettimeofday = 96, SYS_time = 201, SYS_clock_gettime = 228, SYS_clock_getres = 229, SYS_getcpu = 309;
    private const int CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_MONOTONIC_RAW = 4, CLOCK_BOOTTIME = 7;

    private readonly VdsoTargets _targets;
    private readonly ulong _realtimeIsSet;
    private readonly ulong _gsIsTaken;

    /// <param name="targets">The host's functions.</param>
    /// <param name="realtimeIsSet">The address of a 32-bit word that is not 0 while real time is not the host's.</param>
    /// <param name="gsIsTaken">The address of one that is not 0 where GS may be a program's own, so that calls are not made by way of it.</param>
    internal VdsoCode(VdsoTargets targets, ulong realtimeIsSet, ulong gsIsTaken) => (_targets, _realtimeIsSet, _gsIsTaken) = (targets, realtimeIsSet, gsIsTaken);

    /// <summary>Assembles all functions, one after the other.</summary>
    /// <param name="address">Where they will be.</param>
    /// <param name="functions">Their names and offsets.</param>
    internal byte[] Emit(ulong address, List<VdsoFunction> functions)
    {
        using var code = new MemoryStream();
        Add("clock_gettime", ClockGettime);
        Add("gettimeofday", a => Realtime(a, _targets.Gettimeofday, SYS_gettimeofday, rsi));
        Add("time", a => Realtime(a, _targets.Time, SYS_time, null));
        Add("clock_getres", a => Call(a, SYS_clock_getres));
        Add("getcpu", Getcpu);
        return code.ToArray();

        void Add(string name, Action<Assembler> emit)
        {
            var assembler = new Assembler(64);
            emit(assembler);
            var start = code.Length;
            assembler.Assemble(new StreamCodeWriter(code), address + (ulong)start);
            functions.Add(new VdsoFunction(name, (int)start, (int)(code.Length - start)));
            while ((code.Length & 15) != 0)
                code.WriteByte(0xcc);
        }
    }

    private void ClockGettime(Assembler a)
    {
        var (slow, host, real) = (a.CreateLabel(), a.CreateLabel(), a.CreateLabel());
        if (_targets.ClockGettime != 0)
        {
            a.cmp(edi, CLOCK_MONOTONIC);
            a.je(host);
            a.cmp(edi, CLOCK_REALTIME);
            a.je(real);
            a.cmp(edi, CLOCK_MONOTONIC_RAW);
            a.je(host);
            a.cmp(edi, CLOCK_BOOTTIME);
            a.jne(slow);
            a.jmp(host);
            a.Label(ref real);
            JumpIfRealtimeIsSet(a, slow);
            a.Label(ref host);
            Jump(a, _targets.ClockGettime);
        }
        a.Label(ref slow);
        Call(a, SYS_clock_gettime);
    }

    // A pointer to a time zone is for the kernel: the host has its own.
    private void Realtime(Assembler a, ulong target, uint number, AssemblerRegister64? zone)
    {
        var slow = a.CreateLabel();
        if (target != 0)
        {
            if (zone is { } pointer)
            {
                a.test(pointer, pointer);
                a.jnz(slow);
            }
            JumpIfRealtimeIsSet(a, slow);
            Jump(a, target);
        }
        a.Label(ref slow);
        Call(a, number);
    }

    private void Getcpu(Assembler a)
    {
        if (_targets.Getcpu != 0)
            Jump(a, _targets.Getcpu);
        else
            Call(a, SYS_getcpu);
    }

    private void JumpIfRealtimeIsSet(Assembler a, Label slow)
    {
        a.mov(rax, _realtimeIsSet);
        a.cmp(__dword_ptr[rax], 0);
        a.jne(slow);
    }

    private static void Jump(Assembler a, ulong target)
    {
        a.mov(rax, target);
        a.jmp(rax);
    }

    // As a stub does it. The instruction stands before the place to return to, where whoever looks for the call finds it.
    private void Call(Assembler a, uint number)
    {
        Label back = a.CreateLabel(), trap = a.CreateLabel();
        a.mov(rcx, _gsIsTaken);
        a.cmp(__dword_ptr[rcx], 0);
        a.mov(eax, number);
        a.jne(trap);
        a.lea(rcx, __[back]);
        a.jmp(__qword_ptr.gs[GuestContext.SyscallEntryOffset]);
        a.Label(ref trap);
        a.syscall();
        a.Label(ref back);
        a.ret();
    }
}

/// <summary>A function of the vDSO.</summary>
/// <param name="Name">As in C; the symbol has <c>__vdso_</c> before it.</param>
/// <param name="Offset">In the code.</param>
/// <param name="Length">In bytes.</param>
internal readonly record struct VdsoFunction(string Name, int Offset, int Length);
