using Iced.Intel;
using Nommu.Core.Execution;
using Nommu.Core.Rewriter;
using Nommu.Core.Tests.Execution;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Rewriter;

/// <summary>The same program, trapped and detoured, seen from the kernel: each call with all registers, and the end.</summary>
public class ExecutingTests
{
    private static readonly AssemblerRegister64[] Free = [rbx, rbp, rdx, rsi, rdi, r8, r9, r10, r12, r13, r14, r15];

    private static void Step(Assembler a, Random random)
    {
        var x = Free[random.Next(Free.Length)];
        var y = Free[random.Next(Free.Length)];
        switch (random.Next(9))
        {
            case 0: a.mov(x, random.Next()); break;
            case 1: a.add(x, y); break;
            case 2: a.xor(x, rax); break;
            case 3: a.mov(__qword_ptr[rsp - 8 * random.Next(1, 17)], x); break; // the red zone
            case 4: a.mov(x, __qword_ptr[rsp - 8 * random.Next(1, 17)]); break;
            case 5: a.push(x); a.pop(y); break;
            case 6:
                var here = a.CreateLabel();
                a.Label(ref here);
                a.lea(x, __[here]); // an operand relative to rip
                break;
            case 7:
                var over = a.CreateLabel();
                a.cmp(x, y);
                a.jb(over);
                a.inc(y);
                a.Label(ref over);
                a.nop();
                break;
            default: a.adc(x, 3); break;
        }
    }

    private static void Call(Assembler a, Random random, int number)
    {
        a.mov(eax, number);
        for (var between = random.Next(3); between > 0; between--)
            a.mov(Free[random.Next(Free.Length)], random.Next());
        a.syscall();
    }

    private static List<GuestRegisters> Trace(GuestCode code, out int trapped)
    {
        var trace = new List<GuestRegisters>();
        var traps = 0;
        code.Run(cpu =>
        {
            for (var offset = 8; offset <= 136; offset += 8)
                Assert.That(UserCopy.CopyToUser(code.StackTop - (ulong)offset, new byte[8]), Is.Zero);
            cpu.FastPaths = false;
            while (true)
            {
                var exit = cpu.Run();
                var seen = cpu.Registers;
                seen.Rflags &= 0xcd5;
                seen.R11 &= 0xcd5;
                trace.Add(seen);
                if (exit.Kind == GuestExitKind.Fault)
                    break;
                if (exit.Kind == GuestExitKind.TrappedSystemCall)
                    traps++;
                cpu.Registers.Rax = cpu.Registers.Rax * 31 + (ulong)trace.Count;
            }
        });
        trapped = traps;
        return trace;
    }

    /// <summary>One line a call. An address inside a stub stands for the one it translates to, as signal frames show it; rcx is that same address, or stale.</summary>
    private static List<string> Lines(List<GuestRegisters> trace, GuestCode code, RewrittenText rewritten) => [.. trace.Select(r =>
    {
        if (r.Rip >= code.StubsAddress && rewritten.Table.TryTranslateToOriginal(r.Rip - code.StubsAddress, out var original))
            r.Rip = code.Entry + original;
        return $"rip {r.Rip - code.Entry:x} flags {r.Rflags:x} rax {r.Rax:x} rbx {r.Rbx:x} rdx {r.Rdx:x} rsi {r.Rsi:x} rdi {r.Rdi:x} rbp {r.Rbp:x} rsp {r.Rsp:x} r8 {r.R8:x} r9 {r.R9:x} r10 {r.R10:x} r11 {r.R11:x} r12 {r.R12:x} r13 {r.R13:x} r14 {r.R14:x} r15 {r.R15:x}";
    })];

    [Test]
    public void ADetourCantBeToldFromATrap()
    {
        var seed = System.Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        int calls = 0, left = 0;
        for (var round = 0; round < 150; round++)
        {
            using var code = new GuestCode(a =>
            {
                for (var i = 0; i < 12; i++)
                {
                    for (var steps = random.Next(6); steps > 0; steps--)
                        Step(a, random);
                    Call(a, random, 500 + i);
                }
                a.ud2();
            });
            var expected = Trace(code, out var all);
            Assert.That(all, Is.EqualTo(12));
            var rewritten = new DetourStrategy().Rewrite(new ExecutableText(code.Text.ToArray(), code.Entry));
            Assert.That(rewritten.Apply(code.Text, code.Entry, code.Stubs, code.StubsAddress));
            var actual = Trace(code, out var trapped);
            Assert.That(Lines(actual, code, rewritten), Is.EqualTo(Lines(expected, code, rewritten)), $"seed {seed}, round {round}");
            calls += all;
            left += trapped;
        }
        Assert.That(left, Is.LessThan(calls / 20), "nearly every site has a window");
    }
}
