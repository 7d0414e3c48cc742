using Iced.Intel;
using Nommu.Core.Execution;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Execution;

public class KickTests
{
    private static readonly (string Name, Action<Assembler> Body)[] Loops =
    [
        ("spins", a => a.pause()),
        ("asks its pid", a => GuestCode.Call(a, 39)),
        ("calls the kernel", a => GuestCode.Call(a, 1000)),
        ("traps", a => { a.mov(eax, 1000); a.syscall(); }),
    ];

    private static IEnumerable<string> Names => Loops.Select(loop => loop.Name);

    [Test]
    public void AKickIsNeverLostAndDisturbsNothing([ValueSource(nameof(Names))] string name)
    {
        // rbx counts rounds, r12..r15 and xmm5 hold patterns that no kick may touch. Each kick waits for its answer: a lost one hangs, which the runner's time-out tells.
        using var code = new GuestCode(a =>
        {
            var again = a.CreateLabel();
            a.Label(ref again);
            Loops.Single(loop => loop.Name == name).Body(a);
            a.inc(rbx);
            a.jmp(again);
        });
        using var answered = new SemaphoreSlim(0);
        const int Kicks = 1000;
        code.Run(cpu =>
        {
            ref var registers = ref cpu.Registers;
            (registers.R12, registers.R13, registers.R14, registers.R15) = (12, 13, 14, 15);
            var kicker = new Thread(() =>
            {
                for (var i = 0; i < Kicks; i++)
                {
                    cpu.Kick();
                    answered.Wait();
                }
            });
            kicker.Start();
            for (var seen = 0; seen < Kicks;)
            {
                var exit = cpu.Run();
                Assert.That(exit.Kind, Is.Not.EqualTo(GuestExitKind.Fault), () => $"signal {exit.Signal} at {exit.Address:x}, rip {cpu.Registers.Rip:x}");
                if (exit.Kind == GuestExitKind.Kick)
                {
                    seen++;
                    answered.Release();
                }
                else
                {
                    // A kick may turn a call that would have been answered on the spot into one that leaves.
                    Assert.That(cpu.Registers.Rax, Is.EqualTo(1000).Or.EqualTo(39));
                }
            }
            kicker.Join();
            Assert.That((cpu.Registers.R12, cpu.Registers.R13, cpu.Registers.R14, cpu.Registers.R15), Is.EqualTo((12UL, 13UL, 14UL, 15UL)));
        });
    }

    [Test]
    public void AKickBeforeTheEntryIsSeenAtTheEntry()
    {
        using var code = new GuestCode(a => GuestCode.Call(a, 1000));
        code.Run(cpu =>
        {
            cpu.Kick();
            Assert.That(cpu.Run().Kind, Is.EqualTo(GuestExitKind.Kick));
            Assert.That(cpu.Run().Kind, Is.EqualTo(GuestExitKind.SystemCall));
        });
    }
}
