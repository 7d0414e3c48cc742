using Nommu.Core.Loader.Elf;
using Nommu.Core.Rewriter;
using Nommu.Core.Tests.Loader;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Rewriter;

public class RewrittenImageCacheTests
{
    private static readonly FileIdentity Identity = new(1, 2, 3, 4, 5);

    private readonly CountingStrategy _strategy = new();
    private readonly RewrittenImageStore _store = new();

    [Test]
    public void AFileIsRewrittenOnce()
    {
        var cache = new RewrittenImageCache(_store, _strategy);
        var first = cache.GetOrRewrite(Identity, Image(39));
        Assert.That(cache.GetOrRewrite(Identity, Image(39)), Is.SameAs(first));
        Assert.That(_strategy.Calls, Is.EqualTo(1));
    }

    [Test]
    public void AChangedFileIsAnother()
    {
        var cache = new RewrittenImageCache(_store, _strategy);
        var first = cache.GetOrRewrite(Identity, Image(39));
        Assert.That(cache.GetOrRewrite(Identity with { Change = 6 }, Image(40)), Is.Not.SameAs(first));
        Assert.That(_strategy.Calls, Is.EqualTo(2));
    }

    [Test]
    public void KernelsShareByContentsAndNotByIdentity()
    {
        var one = new RewrittenImageCache(_store, _strategy);
        var other = new RewrittenImageCache(_store, _strategy);
        Assert.That(other.GetOrRewrite(Identity with { Inode = 9 }, Image(39)), Is.SameAs(one.GetOrRewrite(Identity, Image(39))));
        Assert.That(other.GetOrRewrite(Identity, Image(40)), Is.Not.SameAs(one.GetOrRewrite(Identity, Image(39))));
        Assert.That(_strategy.Calls, Is.EqualTo(2));
    }

    [Test]
    public void StrategiesAndEntriesAreKeptApart()
    {
        new RewrittenImageCache(_store, new DetourStrategy()).GetOrRewrite(Identity, Image(39));
        var zpoline = new RewrittenImageCache(_store, new ZpolineStrategy()).GetOrRewrite(Identity, Image(39));
        new RewrittenImageCache(_store, new DetourStrategy(), 0x10).GetOrRewrite(Identity, Image(39));
        Assert.That((zpoline.Texts[0].Coverage.Count(SiteRung.Zpoline), _store.Count), Is.EqualTo((1, 3)));
    }

    [Test]
    public void ATrappedSiteIsRewrittenByTheNextLoad()
    {
        var cache = new RewrittenImageCache(_store, _strategy);
        var first = cache.GetOrRewrite(Identity, Image(39));
        Assert.That(first.Texts[0].Coverage.Sites.Single().Rung, Is.EqualTo(SiteRung.DetourOverMove));
        Assert.That(cache.RememberTrappedSite(Identity, 0x1005), Is.True);
        Assert.That(cache.RememberTrappedSite(Identity, 0x1005), Is.False);
        var second = cache.GetOrRewrite(Identity, Image(39));
        Assert.That(second.Texts[0].Coverage.Sites.Single().Rung, Is.EqualTo(SiteRung.DetourFollowing));
        Assert.That(second.TextAt(0x1000), Is.SameAs(second.Texts[0]));
    }

    [Test]
    public void WhatIsNotUsedForLongestIsForgotten()
    {
        var store = new RewrittenImageStore(capacity: 8 * 1024);
        for (var number = 0; number < 200; number++)
            store.GetOrRewrite(Image(number), _strategy, 0, []);
        Assert.That(store.Count, Is.InRange(1, 20));
        store.GetOrRewrite(Image(199), _strategy, 0, []);
        Assert.That(_strategy.Calls, Is.EqualTo(200));
    }

    [Test]
    public void ManyThreadsRewriteOnce()
    {
        var cache = new RewrittenImageCache(_store, _strategy);
        Parallel.For(0, 100, i => cache.GetOrRewrite(Identity with { Inode = (ulong)(i % 3) }, Image(39)));
        Assert.That(_strategy.Calls, Is.EqualTo(1));
    }

    [Test]
    public void AStrategyThatThrowsIsAskedAgain()
    {
        var cache = new RewrittenImageCache(_store, _strategy);
        _strategy.Fails = true;
        Assert.Throws<InvalidOperationException>(() => cache.GetOrRewrite(Identity, Image(39)));
        _strategy.Fails = false;
        Assert.That(cache.GetOrRewrite(Identity, Image(39)).Texts, Has.Count.EqualTo(1));
    }

    private static ElfImage Image(int number)
    {
        var code = CodeText.Assemble(a => { a.mov(eax, number); a.syscall(); a.mov(rdi, rax); a.ret(); });
        var file = new ElfBuilder().Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R, 0, new byte[0x200]).Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_X, 0x1000, code).Build();
        return ElfImage.Parse(file).Value;
    }

    private sealed class CountingStrategy : IRewritingStrategy
    {
        private readonly DetourStrategy _detour = new();
        private int _calls;

        public string Name => "counting";

        internal int Calls => _calls;

        internal bool Fails { get; set; }

        public RewrittenText Rewrite(ExecutableText text)
        {
            if (Fails)
                throw new InvalidOperationException("asked to fail");
            Interlocked.Increment(ref _calls);
            return _detour.Rewrite(text);
        }
    }
}
