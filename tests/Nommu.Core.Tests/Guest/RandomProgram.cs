using Iced.Intel;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Tests.Loader;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Guest;

/// <summary>A random program without a C library: arithmetic over all registers, memory, the red zone, functions and loops, between system calls of all shapes, faults and signals that it sends to itself. It writes its registers from time to time; nothing of that depends on where it lies or when it runs.</summary>
internal sealed class RandomProgram
{
    private const int TextAddress = 0x1000, DataAddress = 0x100000, DataSize = 0x4000;
    private const int Scratch = 2048, Handled = 2048, Action = 2176, Mask = 2304, Dump = 4096, DumpSize = 8 * 16 + 16 * 16;
    private const int Write = 1, Close = 3, Lseek = 8, RtSigaction = 13, RtSigprocmask = 14, RtSigreturn = 15, SchedYield = 24, Getpid = 39, Kill = 62, ExitGroup = 231;
    private const int SIGILL = 4, SIGUSR1 = 10, RedZoneWords = 15;

    private static readonly AssemblerRegister64[] Free = [rbx, rbp, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14];
    private static readonly AssemblerRegister64[] Shown = [rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14];
    private static readonly AssemblerRegisterXMM[] Vectors = [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    private readonly Random _random;
    private readonly Assembler _code = new(64) { PreferShortBranch = true };
    private readonly Label[] _functions;
    private Label _start, _handler, _restorer;

    private RandomProgram(int seed)
    {
        _random = new Random(seed);
        _functions = [.. Enumerable.Range(0, 4).Select(_ => _code.CreateLabel())];
        (_start, _handler, _restorer) = (_code.CreateLabel(), _code.CreateLabel(), _code.CreateLabel());
    }

    /// <summary>An ELF file: a PIE without interpreter.</summary>
    internal static byte[] Make(int seed)
    {
        var program = new RandomProgram(seed);
        program.EmitAll();
        using var text = new MemoryStream();
        program._code.Assemble(new StreamCodeWriter(text), TextAddress);
        return new ElfBuilder { Entry = TextAddress }
            .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_X, TextAddress, text.ToArray())
            .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_W, DataAddress, [], DataSize)
            .Build();
    }

    private void EmitAll()
    {
        var a = _code;
        a.Label(ref _start);
        a.lea(r15, __[_start]);
        a.add(r15, DataAddress - TextAddress);
        EmitAction(SIGILL);
        EmitAction(SIGUSR1);
        for (var i = 1; i <= RedZoneWords + 1; i++)
            a.mov(__qword_ptr[rsp - 8 * i], i);
        foreach (var register in Free)
            a.mov(register, _random.NextInt64());
        foreach (var vector in Vectors)
            a.movq(vector, Free[_random.Next(Free.Length)]);
        for (var i = 0; i < 40; i++)
        {
            Steps(_random.Next(8), null);
            if (_random.Next(6) == 0)
                Loop();
            else
                Site();
            if (i % 8 == 7)
                ShowRegisters();
        }
        a.mov(edi, 0);
        a.mov(eax, ExitGroup);
        a.syscall();
        EmitHandler();
        for (var i = 0; i < _functions.Length; i++)
        {
            a.Label(ref _functions[i]);
            Steps(_random.Next(1, 6), null, mayCall: false);
            if (_random.Next(2) == 0)
                PlainCall(null);
            a.ret();
        }
    }

    /// <summary>rt_sigaction(2) with SA_SIGINFO and a restorer of our own, which is a system call like others.</summary>
    private void EmitAction(int signal)
    {
        var a = _code;
        a.lea(rax, __[_handler]);
        a.mov(__qword_ptr[r15 + Action], rax);
        a.mov(__qword_ptr[r15 + (Action + 8)], 0x04000004);
        a.lea(rax, __[_restorer]);
        a.mov(__qword_ptr[r15 + (Action + 16)], rax);
        a.mov(edi, signal);
        a.lea(rsi, __[r15 + Action]);
        a.xor(edx, edx);
        a.mov(r10d, 8);
        a.mov(eax, RtSigaction);
        a.syscall();
    }

    /// <summary>Uses what was interrupted, changes some of it in the frame, and steps over a faulting instruction.</summary>
    private void EmitHandler()
    {
        var a = _code;
        var notIllegal = a.CreateLabel();
        const int Gregs = 40, RbxInGregs = Gregs + 8 * 11, R12InGregs = Gregs + 8 * 4, RipInGregs = Gregs + 8 * 16;
        a.Label(ref _handler);
        a.mov(ecx, 1); // a system call leaves an address and flags in these
        a.mov(r11d, 2);
        a.cmp(edi, SIGILL);
        a.jne(notIllegal);
        a.add(__qword_ptr[rdx + RipInGregs], 2);
        a.Label(ref notIllegal);
        a.add(__qword_ptr[rdx + RbxInGregs], _random.Next());
        a.xor(__qword_ptr[rdx + R12InGregs], _random.Next());
        a.inc(__qword_ptr[r15 + Handled]);
        a.mov(esi, 3);
        a.mov(edx, 4);
        for (var i = 1; i <= RedZoneWords + 1; i++)
            a.mov(__qword_ptr[rsp - 8 * i], i);
        Steps(6, null, mayCall: false);
        PlainCall(null);
        Steps(6, null, mayCall: false);
        a.ret();
        a.Label(ref _restorer);
        a.mov(eax, RtSigreturn);
        a.syscall();
    }

    private void Steps(int count, AssemblerRegister64? spared, bool mayCall = true)
    {
        while (count-- > 0)
            Step(spared, mayCall);
    }

    private AssemblerRegister64 Any(AssemblerRegister64? spared)
    {
        while (true)
        {
            var register = Free[_random.Next(Free.Length)];
            if (register != spared)
                return register;
        }
    }

    private void Step(AssemblerRegister64? spared, bool mayCall)
    {
        var a = _code;
        AssemblerRegister64 x = Any(spared), y = Any(spared);
        AssemblerRegisterXMM v = Vectors[_random.Next(16)], w = Vectors[_random.Next(16)];
        var place = 8 * _random.Next(Scratch / 8 - 1);
        switch (_random.Next(16))
        {
            case 0: a.mov(x, _random.NextInt64()); break;
            case 1: a.add(x, y); break;
            case 2: a.xor(x, rax); break;
            case 3: a.mov(__qword_ptr[rsp - 8 * _random.Next(1, RedZoneWords)], x); break;
            case 4: a.mov(x, __qword_ptr[rsp - 8 * _random.Next(1, RedZoneWords)]); break;
            case 5: a.push(x); a.pop(y); a.mov(__qword_ptr[rsp - 8], y); break;
            case 6: Offset(x); break;
            case 7: Skip(x, y); break;
            case 8: a.mov(__qword_ptr[r15 + place], x); break;
            case 9: a.adc(x, __qword_ptr[r15 + place]); break;
            case 10: a.movq(v, x); break;
            case 11: a.paddq(v, w); break;
            case 12: a.movdqu(__xmmword_ptr[r15 + place], v); break;
            case 13: a.pshufd(v, w, (byte)_random.Next(256)); break;
            case 14 when mayCall: a.call(_functions[_random.Next(_functions.Length)]); a.mov(__qword_ptr[rsp - 8], x); break; // in the place of the return address
            default: a.adc(x, 3); break;
        }
    }

    /// <summary>An operand relative to rip, as a distance, which is the same wherever the program lies.</summary>
    private void Offset(AssemblerRegister64 x)
    {
        var here = _code.CreateLabel();
        _code.nop(); // an instruction has one label only
        _code.Label(ref here);
        _code.lea(x, __[here]);
        _code.sub(x, r15);
    }

    private void Skip(AssemblerRegister64 x, AssemblerRegister64 y)
    {
        var over = _code.CreateLabel();
        _code.cmp(x, y);
        _code.jb(over);
        _code.inc(y);
        _code.Label(ref over);
        _code.nop();
    }

    private void Loop()
    {
        var a = _code;
        var (counter, again) = (Any(null), a.CreateLabel());
        a.mov(counter, _random.Next(2, 5));
        a.Label(ref again);
        a.nop();
        Steps(_random.Next(4), counter, mayCall: false);
        PlainCall(counter);
        a.dec(counter);
        a.jne(again);
    }

    private void Site()
    {
        switch (_random.Next(8))
        {
            case 0: SendSignal(); break;
            case 1: SetMask(); break;
            case 2: _code.ud2(); break;
            case 3: JumpedTo(); break;
            default: PlainCall(null); break;
        }
    }

    /// <summary>A call that says the same at any time, with some instructions between its number and itself.</summary>
    private void PlainCall(AssemblerRegister64? spared)
    {
        var a = _code;
        var number = _random.Next(4) switch { 0 => Close, 1 => Lseek, 2 => SchedYield, _ => 5000 + _random.Next(100) };
        if (spared == rdi || spared == rcx || spared == r11)
            return;
        a.mov(edi, -1);
        a.mov(eax, number);
        for (var between = _random.Next(3); between > 0; between--)
        {
            var register = Any(spared);
            if (register != rdi)
                a.mov(register, _random.Next(2) == 0 ? _random.Next() : _random.NextInt64());
        }
        a.syscall();
        Forget();
    }

    /// <summary>What a system call leaves that depends on where the program lies.</summary>
    private void Forget()
    {
        _code.mov(ecx, _random.Next());
        _code.mov(r11d, _random.Next());
    }

    /// <summary>The call can be reached past what stands before it.</summary>
    private void JumpedTo()
    {
        var a = _code;
        var site = a.CreateLabel();
        a.mov(edi, -1);
        a.mov(eax, Close);
        a.cmp(rbx, rbp);
        a.jb(site);
        a.mov(r8d, _random.Next());
        a.mov(r9, r8);
        a.Label(ref site);
        a.syscall();
        Forget();
    }

    private void SendSignal()
    {
        var a = _code;
        a.mov(eax, Getpid);
        a.syscall();
        a.mov(edi, eax);
        a.mov(esi, SIGUSR1);
        a.mov(eax, Kill);
        a.syscall();
        a.mov(edi, _random.Next()); // the pid
        Forget();
    }

    /// <summary>SIGUSR1 blocked or not: what has come meanwhile is handled now.</summary>
    private void SetMask()
    {
        var a = _code;
        a.mov(__qword_ptr[r15 + Mask], _random.Next(2) << (SIGUSR1 - 1));
        a.mov(edi, 2); // SIG_SETMASK
        a.lea(rsi, __[r15 + Mask]);
        a.xor(edx, edx);
        a.mov(r10d, 8);
        a.mov(eax, RtSigprocmask);
        a.syscall();
        a.mov(esi, _random.Next()); // an address
        Forget();
    }

    private void ShowRegisters()
    {
        var a = _code;
        for (var i = 0; i < Shown.Length; i++)
            a.mov(__qword_ptr[r15 + (Dump + 8 * i)], Shown[i]);
        a.pushfq();
        a.pop(rax);
        a.and(eax, 0xcd5);
        a.mov(__qword_ptr[r15 + (Dump + 8 * Shown.Length)], rax);
        a.mov(rax, __qword_ptr[r15 + Handled]);
        a.mov(__qword_ptr[r15 + (Dump + 8 * Shown.Length + 8)], rax);
        for (var i = 0; i < Vectors.Length; i++)
            a.movdqu(__xmmword_ptr[r15 + (Dump + 8 * 16 + 16 * i)], Vectors[i]);
        a.mov(edi, 1);
        a.lea(rsi, __[r15 + Dump]);
        a.mov(edx, DumpSize);
        a.mov(eax, Write);
        a.syscall();
        for (var i = 1; i < Shown.Length; i++)
            a.mov(Shown[i], __qword_ptr[r15 + (Dump + 8 * i)]);
        a.mov(__qword_ptr[rsp - 8], 8);
    }
}
