using Nommu.Core.Abi;
using Nommu.Core.Loader;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Tests.Loader;

/// <summary>vdso(7), as a program's libc finds it.</summary>
public class VdsoTests
{
    [Test]
    public void ItIsASharedObjectWithTheFunctionsOfLinux()
    {
        using var loader = new TestLoader();
        var image = ElfImage.Parse(loader.Bytes(loader.Vdso.Address, 4096), out var reason);
        Assert.That(image.IsOk, Is.True, reason);
        foreach (var name in new[] { "clock_gettime", "gettimeofday", "time", "clock_getres", "getcpu" })
            Assert.That(image.Value.FindSymbol(System.Text.Encoding.ASCII.GetBytes("__vdso_" + name)), Is.GreaterThanOrEqualTo(VdsoFile.CodeOffset), name);
        Assert.That(image.Value.FindSymbol("__vdso_fork"u8), Is.Zero);
    }

    [Test]
    public void TheHashFunctionIsTheAbis() => Assert.That(VdsoFile.SymbolHash("LINUX_2.6"), Is.EqualTo(0x3ae75f6u));

    [Test]
    public void TheHostsOwnHasWhatItJumpsTo()
    {
        var targets = HostVdso.Targets();
        Assert.That(new[] { targets.ClockGettime, targets.Gettimeofday, targets.Time, targets.Getcpu }, Is.All.Not.Zero);
    }

    [Test]
    public void AProgramCanLetGoOfItAndNotMapOverIt()
    {
        using var loader = new TestLoader();
        loader.Add("/bin/program", new ElfBuilder().Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_X, 0x1000, [0xc3]).Build());
        var image = loader.LoadOk("/bin/program", "program");
        var at = loader.Vdso.Address;
        Assert.That(image.Space.Map(new(at, 4096, MapProtection.PROT_READ, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED)).Error, Is.EqualTo(Errno.ENOMEM));
        Assert.That(image.Space.Protect(at, 4096, MapProtection.PROT_NONE), Is.EqualTo(Errno.EACCES));
        Assert.That(image.Space.Unmap(at, 4096), Is.EqualTo(Errno.None));
        Assert.That(image.Space.ProtectionAt(at), Is.Null);
        Assert.That(loader.Bytes(at, 4)[1], Is.EqualTo((byte)'E'), "others have it still");
        image.Abandon();
    }

    [Test]
    public void WhenTheGuestSetsItsTimeTheHostsIsNotAskedAnyMore()
    {
        using var loader = new TestLoader();
        Assert.That(loader.Word(loader.Vdso.Address - 4096), Is.Zero);
        loader.Clock.SetRealtime(1);
        Assert.That(loader.Word(loader.Vdso.Address - 4096), Is.Not.Zero);
    }
}
