using Iced.Intel;
using Nommu.Core.Execution;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Execution;

public class GuestCpuTests
{
    [Test]
    public void ARewrittenSiteEntersTheKernelAndComesBack()
    {
        using var code = new GuestCode(a => { GuestCode.Call(a, 1000); a.mov(rbx, rax); GuestCode.Call(a, 1001); });
        code.Run(cpu =>
        {
            Assert.That(cpu.Run().Kind, Is.EqualTo(GuestExitKind.SystemCall));
            Assert.That(cpu.Registers.Rax, Is.EqualTo(1000));
            cpu.Registers.Rax = 0x1234_5678_9abc_def0;
            Assert.That(cpu.Run().Kind, Is.EqualTo(GuestExitKind.SystemCall));
            Assert.That((cpu.Registers.Rax, cpu.Registers.Rbx), Is.EqualTo((1001UL, 0x1234_5678_9abc_def0UL)));
            Assert.That(cpu.Registers.Rcx, Is.EqualTo(cpu.Registers.Rip));
        });
    }

    [Test]
    public void SimpleQuestionsAreAnsweredWithoutLeaving([Values(39, 186, 110, 102, 107, 104, 108)] int number)
    {
        using var code = new GuestCode(a => { GuestCode.Call(a, number); a.mov(rbx, rax); GuestCode.Call(a, 1001); });
        code.Run(cpu =>
        {
            ref var c = ref cpu.Context;
            (c.Pid, c.Tid, c.Ppid, c.Uid, c.Euid, c.Gid, c.Egid) = (39, 186, 110, 102, 107, 104, 108);
            cpu.Run();
            Assert.That((cpu.Registers.Rax, cpu.Registers.Rbx), Is.EqualTo((1001UL, (ulong)number)));
        });
    }

    [Test]
    public void WithoutFastPathsEveryCallLeaves()
    {
        using var code = new GuestCode(a => GuestCode.Call(a, 39));
        code.Run(cpu =>
        {
            cpu.FastPaths = false;
            cpu.Run();
            Assert.That(cpu.Registers.Rax, Is.EqualTo(39));
        });
    }

    [Test]
    public void AnInstructionNobodyRewroteIsTrapped([Values(39, 1000)] int number)
    {
        using var code = new GuestCode(a => { a.mov(eax, number); a.syscall(); a.nop(); });
        code.Run(cpu =>
        {
            Assert.That(cpu.Run().Kind, Is.EqualTo(GuestExitKind.TrappedSystemCall));
            Assert.That((cpu.Registers.Rax, cpu.Registers.Rip), Is.EqualTo(((ulong)number, code.Entry + 7)));
        });
    }

    private static IEnumerable<TestCaseData> Faults()
    {
        yield return new TestCaseData((Action<Assembler>)(a => a.mov(rax, __qword_ptr[0x18])), 11, 1, 0x18UL).SetName("a null dereference");
        yield return new TestCaseData((Action<Assembler>)(a => { a.mov(eax, 0x1234); a.jmp(rax); }), 11, 1, 0x1234UL).SetName("a jump nowhere");
        yield return new TestCaseData((Action<Assembler>)(a => { a.mov(rax, 0xdead_beef_0000_0000); a.jmp(rax); }), 11, 0x80, 0UL).SetName("a jump to no canonical address");
        yield return new TestCaseData((Action<Assembler>)(a => a.hlt()), 11, 0x80, 0UL).SetName("a privileged instruction");
        yield return new TestCaseData((Action<Assembler>)(a => a.int3()), 5, 0x80, 0UL).SetName("a breakpoint");
    }

    [TestCaseSource(nameof(Faults))]
    public void AFaultIsAnExit(Action<Assembler> write, int signal, int siCode, ulong address)
    {
        using var code = new GuestCode(write);
        code.Run(cpu =>
        {
            var exit = cpu.Run();
            Assert.That((exit.Kind, exit.Signal, exit.Code, exit.Address), Is.EqualTo((GuestExitKind.Fault, signal, siCode, address)));
        });
    }

    [Test]
    public void DivisionByZeroAndAnIllegalInstructionTellTheirAddress()
    {
        using var divide = new GuestCode(a => { a.xor(ecx, ecx); a.div(ecx); });
        divide.Run(cpu => Assert.That(cpu.Run(), Is.EqualTo(new GuestExit(GuestExitKind.Fault, 8, 1, divide.Entry + 2, 0, 0))));
        using var illegal = new GuestCode(a => a.ud2());
        illegal.Run(cpu => Assert.That(cpu.Run(), Is.EqualTo(new GuestExit(GuestExitKind.Fault, 4, 2, illegal.Entry, 6, 0))));
    }

    [Test]
    public void ARipOfNoCanonicalAddressIsAFaultOfTheGuest()
    {
        using var code = new GuestCode(a => a.nop());
        code.Run(cpu =>
        {
            cpu.Registers.Rip = 0xdead_beef_0000_0000;
            cpu.Registers.R12 = 77;
            Assert.That((cpu.Run().Signal, cpu.Registers.Rip, cpu.Registers.R12), Is.EqualTo((11, 0xdead_beef_0000_0000UL, 77UL)));
        });
    }

    [Test]
    public void AManagedNullDereferenceStillThrows()
    {
        using var code = new GuestCode(a => { GuestCode.Call(a, 1000); GuestCode.Call(a, 1001); });
        code.Run(cpu =>
        {
            cpu.Run();
            int[]? nothing = null;
            Assert.Throws<NullReferenceException>(() => _ = nothing!.Length);
            cpu.Run();
            Assert.That(cpu.Registers.Rax, Is.EqualTo(1001));
        });
    }
}
