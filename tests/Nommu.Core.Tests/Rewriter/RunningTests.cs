using Iced.Intel;
using Nommu.Core.Execution;
using Nommu.Core.Rewriter;
using Nommu.Core.Tests.Execution;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Rewriter;

/// <summary>Random programs run twice on the processor, with every call trapped and with every call by detour: no difference may be seen.</summary>
public class RunningTests
{
    private const int StubsAt = 0x4000;
    private const int Programs = 200;
    private const int Steps = 60;

    private static readonly AssemblerRegister64[] Free = [rax, rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15];

    private readonly record struct Call(ulong Rax, ulong Rdi, ulong Rsi, ulong Rdx, ulong Rbx, ulong R15, ulong Rsp, ulong Rip);

    [Test]
    public void DetouredProgramsDoWhatTrappedOnesDo()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var rungs = new HashSet<SiteRung>();
        for (var i = 0; i < Programs; i++)
        {
            var text = CodeText.Of(a => Write(a, random));
            var product = new DetourStrategy().Rewrite(text);
            rungs.UnionWith(product.Coverage.Sites.Select(site => site.Rung));
            var trapped = Run(text.Bytes.ToArray(), null);
            var detoured = Run(Placed(text, product), product);
            Assert.That(detoured, Is.EqualTo(trapped), $"seed {seed}, program {i}");
        }
        Assert.That(rungs, Is.SupersetOf(new[] { SiteRung.DetourOverMove, SiteRung.DetourFollowing, SiteRung.DetourPreceding }));
    }

    private static byte[] Placed(ExecutableText text, RewrittenText product)
    {
        var bytes = new byte[StubsAt + product.Stubs.Length];
        text.Bytes.CopyTo(bytes);
        // What counts is the distance: the code may lie anywhere.
        Assert.That(product.Apply(bytes, 0x10000, bytes.AsSpan(StubsAt), 0x10000 + StubsAt), Is.True);
        return bytes;
    }

    private static List<Call> Run(byte[] bytes, RewrittenText? product)
    {
        var calls = new List<Call>();
        using var code = new GuestCode(a => a.db(bytes));
        code.Run(cpu =>
        {
            cpu.FastPaths = false;
            for (var i = 0; i < Steps * 2; i++)
            {
                var exit = cpu.Run();
                ref var registers = ref cpu.Registers;
                var rip = registers.Rip - code.Entry;
                if (product is not null && rip >= StubsAt && product.Table.TryTranslateToOriginal(rip - StubsAt, out var original))
                    rip = original;
                calls.Add(new Call(registers.Rax, registers.Rdi, registers.Rsi, registers.Rdx, registers.Rbx, registers.R15, registers.Rsp - code.Entry, rip));
                if (exit.Kind is not (GuestExitKind.SystemCall or GuestExitKind.TrappedSystemCall))
                    return;
                registers.Rax = registers.Rax * 0x9e37_79b9_7f4a_7c15 + 1;
            }
            Assert.Fail("a program without end");
        });
        return calls;
    }

    // Straight code with forward branches, flags that live across calls, the red zone, and data beside the code.
    private static void Write(Assembler a, Random random)
    {
        var data = a.CreateLabel();
        var labels = new Dictionary<int, Label>();
        foreach (var register in Free)
            a.mov(register, 1000 + random.NextInt64(1L << 40));
        a.mov(__qword_ptr[rsp - 8], 0x1234);
        for (var step = 0; step < Steps; step++)
        {
            if (labels.Remove(step, out var here))
            {
                a.Label(ref here);
                a.lea(r15, __[r15 + 1]);
            }
            WriteStep(a, random, data, labels, step);
        }
        foreach (var (_, label) in labels)
        {
            var end = label;
            a.Label(ref end);
            a.nop();
        }
        a.mov(rbx, __[rsp - 8]);
        a.setc(dl);
        a.ud2();
        a.Label(ref data);
        a.dq(0x1111_2222_3333_4444);
    }

    private static void WriteStep(Assembler a, Random random, Label data, Dictionary<int, Label> labels, int step)
    {
        var one = Free[random.Next(1, Free.Length)];
        var two = Free[random.Next(Free.Length)];
        switch (random.Next(12))
        {
            case 0: a.mov(eax, random.Next(1000, 1 << 30)); a.syscall(); break;
            case 1: a.mov(rax, r8); a.syscall(); break;
            case 2: a.or(eax, 0x40000000); a.mov(one, two); a.syscall(); break;
            case 3: a.add(one, two); break;
            case 4: a.adc(one, 77); break;
            case 5: a.cmp(one, two); break;
            case 6: a.mov(one, __[data]); break;
            case 7: a.add(one, __[data]); break;
            case 8: a.xor(__qword_ptr[rsp - 8], one); break;
            case 9: a.lea(one, __[two + one * 2 + 3]); break;
            case 10: a.push(two); a.pop(one); break;
            default:
                var target = step + random.Next(1, 5);
                if (!labels.TryGetValue(target, out var label))
                    labels[target] = label = a.CreateLabel();
                if (random.Next(2) == 0)
                    a.jc(label);
                else
                    a.jne(label);
                break;
        }
    }
}
