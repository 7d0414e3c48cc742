using Iced.Intel;
using Nommu.Core.Rewriter;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Rewriter;

public class DetourTests
{
    [Test]
    public void AMoveOfTheNumberIsReplacedAndTheSyscallStays()
    {
        var text = CodeText.Of(a => { a.mov(eax, 39); a.syscall(); a.ret(); });
        var product = CodeText.Detour(text);
        Assert.That(Rungs(product), Is.EqualTo(new[] { SiteRung.DetourOverMove }));
        Assert.That((product.Patches[0].Offset, product.Patches[0].Original.Length), Is.EqualTo((0, 5)));
    }

    [Test]
    public void FollowersAreDisplacedWhereTheMoveIsNotBeside()
    {
        var product = CodeText.Detour(CodeText.Of(a => { a.mov(eax, 39); a.xor(edi, edi); a.syscall(); a.mov(rdi, rax); a.ret(); }));
        Assert.That(Rungs(product), Is.EqualTo(new[] { SiteRung.DetourFollowing }));
    }

    [Test]
    public void PredecessorsAreDisplacedWhereTheFollowerIsABranchTarget()
    {
        var product = CodeText.Detour(CodeText.Of(a =>
        {
            var join = a.CreateLabel();
            a.jne(join); a.mov(rax, r8); a.syscall(); a.Label(ref join); a.mov(rdi, rax); a.ret();
        }));
        Assert.That(Rungs(product), Is.EqualTo(new[] { SiteRung.DetourPreceding }));
    }

    [Test]
    public void ASyscallThatIsJumpedToIsTheStartOfItsWindow()
    {
        var product = CodeText.Detour(CodeText.Of(a =>
        {
            var again = a.CreateLabel();
            a.mov(eax, 39); a.Label(ref again); a.syscall(); a.test(rax, rax); a.js(again); a.ret();
        }));
        Assert.That((Rungs(product)[0], product.Patches[0].Offset), Is.EqualTo((SiteRung.DetourFollowing, 5)));
    }

    [Test]
    public void BranchesAndOperandsRelativeToRipAreCorrected()
    {
        var product = CodeText.Detour(CodeText.Of(a =>
        {
            var data = a.CreateLabel();
            var failed = a.CreateLabel();
            a.mov(rdi, __[data]); a.mov(rax, r8); a.syscall(); a.cmp(__dword_ptr[data], 7); a.ret();
            a.mov(rax, r9); a.syscall(); a.test(eax, eax); a.js(failed); a.ret();
            a.mov(rax, r9); a.syscall(); a.jmp(failed); a.nop(); a.nop(); a.nop();
            a.Label(ref failed); a.neg(eax); a.ret();
            a.Label(ref data); a.dq(0);
        }));
        Assert.That(Rungs(product), Is.EqualTo(new[] { SiteRung.DetourFollowing, SiteRung.DetourFollowing, SiteRung.DetourFollowing }));
    }

    [Test]
    public void MuslsVforkKeepsItsReturnAddressInPlace()
    {
        // vfork of x86-64 musl: the return address waits in rdx, so the stack is the caller's while two processes share it.
        var product = CodeText.Detour(CodeText.Of(a => { a.pop(rdx); a.mov(eax, 58); a.syscall(); a.push(rdx); a.mov(rdi, rax); a.jmp(0x1000UL); }));
        Assert.That(Rungs(product), Is.EqualTo(new[] { SiteRung.DetourOverMove }));
    }

    [Test]
    public void TheEndOfACancellationRangeIsTranslatedAsOnLinux()
    {
        // __syscall_cp_asm of musl: a handler compares rip with __cp_begin and __cp_end, which is the address behind the syscall and a symbol, here as a lea takes it.
        var text = CodeText.Of(a =>
        {
            var end = a.CreateLabel();
            a.mov(r8, __[rsp + 8]); a.mov(r9, __[rsp + 16]); a.mov(__[rsp + 8], r11); a.syscall(); a.Label(ref end); a.ret();
            a.lea(rax, __[end]); a.ret();
        });
        var product = CodeText.Detour(text);
        var site = product.Coverage.Sites.Single();
        Assert.That(site.Rung, Is.EqualTo(SiteRung.DetourPreceding));
        Assert.That(product.Table.TryTranslateToStub((ulong)site.Offset, out var call), Is.True);
        for (var at = call; at < (ulong)product.Stubs.Length; at++)
        {
            Assert.That(product.Table.TryTranslateToOriginal(at, out var original), Is.True);
            Assert.That(original, Is.EqualTo((ulong)site.Offset), "not yet behind the call");
        }
    }

    [Test]
    public void BytesThatAreNoInstructionStay()
    {
        var text = CodeText.Of(a => { a.mov(eax, 0x0001_050f); a.mov(ebx, 0x3434_340f); a.@int(0x80); a.ret(); });
        var coverage = CodeText.Detour(text).Coverage;
        Assert.That((coverage.Sites.Count, coverage.NotInstructions, coverage.Sysenters, coverage.Interrupts), Is.EqualTo((0, 1, 1, 1)));
    }

    [Test]
    public void WhereNothingFitsTheTrapIsLeft()
    {
        var product = CodeText.Detour(CodeText.Of(a =>
        {
            var before = a.CreateLabel();
            var after = a.CreateLabel();
            a.jne(after); a.Label(ref before); a.syscall(); a.Label(ref after); a.call(0x1000UL); a.jmp(before);
        }));
        Assert.That(product.Coverage.Sites.Single(), Is.EqualTo(new RewrittenSite(2, SiteRung.Trap, TrapReason.NoWindow)));
    }

    [Test]
    public void AFarBranchIntoAWindowForbidsIt([Values] bool isBranched)
    {
        var product = CodeText.Detour(CodeText.Of(a =>
        {
            var follower = a.CreateLabel();
            a.push(rbx); a.call(0x1000UL); a.syscall(); a.Label(ref follower); a.mov(rdi, rax); a.ret();
            for (var i = 0; i < 4000; i++)
                a.nop();
            if (isBranched)
                a.jmp(follower);
            a.ret();
        }));
        Assert.That(Rungs(product)[0], Is.EqualTo(isBranched ? SiteRung.Trap : SiteRung.DetourFollowing));
    }

    [Test]
    public void AJumpTableIntoAWindowForbidsIt([Values] bool isInTable)
    {
        var product = CodeText.Detour(CodeText.Of(a =>
        {
            var table = a.CreateLabel();
            a.lea(rdx, __[table]); a.movsxd(rax, __dword_ptr[rdx + rax * 4]); a.add(rax, rdx); a.jmp(rax);
            // 14 bytes to here, the table behind the 8 that follow and 2 of padding.
            a.syscall(); a.mov(rdi, rax); a.ret(); a.nop(); a.nop(); a.nop(); a.nop();
            a.Label(ref table);
            a.dd(isInTable ? -8 : -10); a.dd(int.MaxValue);
        }));
        var site = product.Coverage.Sites.Single();
        Assert.That(site.Rung, Is.EqualTo(isInTable ? SiteRung.Trap : SiteRung.DetourFollowing), $"{site}");
    }

    [Test]
    public void ASiteThatTrappedIsGivenAWindowThatServesIt()
    {
        Action<Assembler> code = a => { a.mov(eax, 39); a.syscall(); a.mov(rdi, rax); a.ret(); };
        Assert.That(Rungs(CodeText.Detour(CodeText.Of(code)))[0], Is.EqualTo(SiteRung.DetourOverMove));
        Assert.That(Rungs(CodeText.Detour(CodeText.Of(code, knownSites: [5])))[0], Is.EqualTo(SiteRung.DetourFollowing));
    }

    [Test]
    public void ASiteInsideAnotherInstructionIsRewrittenOnceItHasTrapped()
    {
        // The syscall is the immediate of a mov, jumped into on purpose.
        byte[] code = [0xb8, 0x0f, 0x05, 0x90, 0x90, 0x48, 0x89, 0xc7, 0xc3];
        Assert.That(new DetourStrategy().Rewrite(new ExecutableText(code, 0x1000)).Coverage.NotInstructions, Is.EqualTo(1));
        var product = CodeText.Detour(new ExecutableText(code, 0x1000, knownSites: [1]));
        Assert.That(product.Patches.Single().Offset, Is.EqualTo(1));
    }

    [Test]
    public void ApplyRefusesWhatItCantReachAndWhatIsNotItsText()
    {
        var text = CodeText.Of(a => { a.mov(eax, 39); a.syscall(); a.ret(); });
        var product = new DetourStrategy().Rewrite(text);
        var stubs = new byte[product.Stubs.Length];
        var bytes = text.Bytes.ToArray();
        Assert.That(product.Apply(bytes, 0x1_0000_0000, stubs, 0x1_8000_0000), Is.False);
        Assert.That(product.Apply(bytes, 0x1_8000_0000, stubs, 0x1_0000_0000), Is.False);
        Assert.That(product.Apply(bytes, 0, stubs, ulong.MaxValue / 2), Is.False);
        Assert.That(product.Apply(bytes, 0x1000, stubs.AsSpan(1), 0x2000), Is.False);
        Assert.That(bytes, Is.EqualTo(text.Bytes.ToArray()));
        bytes[0] ^= 1;
        Assert.That(product.Apply(bytes, 0x1000, stubs, 0x2000), Is.False);
    }

    [Test]
    public void ALargeTextIsSearchedButNotDecoded()
    {
        var bytes = new byte[16 << 20];
        new Random(5).NextBytes(bytes);
        // Random bytes hold 256 pairs or so; each may cost no more than its surroundings.
        var coverage = new DetourStrategy().Rewrite(new ExecutableText(bytes, 0x1000)).Coverage;
        Assert.That(coverage.BytesDecoded, Is.LessThan(bytes.Length / 20));
    }

    private static SiteRung[] Rungs(RewrittenText product) => [.. product.Coverage.Sites.Select(site => site.Rung)];
}
