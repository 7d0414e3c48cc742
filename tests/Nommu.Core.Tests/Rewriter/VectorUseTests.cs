using Iced.Intel;
using Nommu.Core.Rewriter;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Rewriter;

public class VectorUseTests
{
    private static IEnumerable<TestCaseData> Texts()
    {
        yield return Case("wide registers", true, a => a.vmovdqu(ymm1, __ymmword_ptr[rdi]));
        yield return Case("wide registers of AVX-512", true, a => a.vmovdqu64(zmm1, __zmmword_ptr[rdi]));
        yield return Case("a mask register", true, a => a.kmovw(k1, eax));
        yield return Case("128 bits in the new encoding", false, a => a.vmovdqu(xmm1, __xmmword_ptr[rdi]));
        yield return Case("old vectors", false, a => a.movdqu(xmm1, __xmmword_ptr[rdi]));
        yield return Case("what loads them all", true, a => a.xrstor64(__[rdi]));
        yield return Case("what waits", false, a => a.lfence());
        // mov r64,imm64 whose immediate is xrstor [rdi] (0f ae 2f).
        yield return Case("the bytes of that as a constant", false, a => a.mov(rax, 0x2fae0f_90909090));
        // mov r64,imm64 whose immediate is vmovdqu ymm1,[rdi] (c5 fe 6f 0f).
        yield return Case("the bytes as a constant", false, a => a.mov(rax, 0x0f6ffec5_90909090));
    }

    private static TestCaseData Case(string name, bool expected, Action<Assembler> write) => new TestCaseData(write, expected).SetArgDisplayNames(name);

    [TestCaseSource(nameof(Texts))]
    public void OnlyInstructionsWithWideRegistersCount(Action<Assembler> write, bool expected)
    {
        var text = CodeText.Of(a =>
        {
            for (var i = 0; i < 100; i++)
                a.add(rax, 1000 + i);
            write(a);
            a.ret();
        });
        Assert.That(new DetourStrategy().Rewrite(text).HasVectorExtensions, Is.EqualTo(expected));
    }
}
