using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Tests.Memory;

internal sealed class AddressSpaceTests
{
    private const MapProtection ReadWrite = MapProtection.PROT_READ | MapProtection.PROT_WRITE;
    private const MapFlags Anonymous = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS;
    private const ulong Page = Arena.PageSize;

    private Arena _arena = null!;
    private AddressSpace _space = null!;

    [SetUp]
    public void SetUp()
    {
        _arena = new Arena(64 << 20, 1UL << 30);
        _space = new AddressSpace(_arena);
    }

    [TearDown]
    public void TearDown()
    {
        _space.Release();
        Assert.That((_arena.Charged, _arena.FreeLength), Is.EqualTo((0L, 1UL << 30)), "everything comes back");
        _arena.Dispose();
    }

    [Test]
    public void FreshMemoryIsZeroAndHoldsWhatIsWritten()
    {
        var address = Map(0, 3 * Page, ReadWrite, Anonymous);
        Assert.That(Peek(address + Page), Is.Zero);
        Assert.That(Poke(address + Page, 42), Is.EqualTo(Errno.None));
        Assert.That(Peek(address + Page), Is.EqualTo(42));
    }

    [Test]
    public void UnmappedMemoryIsGoneAtOnce()
    {
        var address = Map(0, 3 * Page, ReadWrite, Anonymous);
        Assert.That(_space.Unmap(address + Page, Page), Is.EqualTo(Errno.None));
        Assert.That(new[] { Peek(address), Peek(address + Page), Peek(address + 2 * Page) }, Is.EqualTo(new int?[] { 0, null, 0 }));
    }

    [Test]
    public void MemoryOfAProcessThatEndedComesBackCleared()
    {
        for (var round = 0; round < 3; round++)
        {
            var other = new AddressSpace(_arena);
            foreach (var length in new[] { Page, 60 * Page, 300 * Page })
            {
                var address = other.Map(new MapRequest(0, length, ReadWrite, Anonymous)).Value;
                for (ulong at = 0; at < length; at += Page)
                {
                    Assert.That(Peek(address + at), Is.Zero);
                    Poke(address + at, 7);
                }
            }
            other.Release();
        }
    }

    [Test]
    public void TooMuchIsENOMEMAndAskingForLessGoesOn()
    {
        Assert.That(_space.Map(new MapRequest(0, 65 << 20, ReadWrite, Anonymous)).Error, Is.EqualTo(Errno.ENOMEM));
        var reserved = Map(0, 256 << 20, MapProtection.PROT_NONE, Anonymous | MapFlags.MAP_NORESERVE);
        Assert.That(_space.Protect(reserved, 60 << 20, ReadWrite), Is.EqualTo(Errno.None));
        Assert.That(_space.Protect(reserved + (60 << 20), 60 << 20, ReadWrite), Is.EqualTo(Errno.ENOMEM));
        Assert.That(_space.Map(new MapRequest(0, 4 << 20, ReadWrite, Anonymous)).IsOk);
        Assert.That(_space.Map(new MapRequest(0, 2 * Page, ReadWrite, Anonymous)).Error, Is.EqualTo(Errno.ENOMEM));
    }

    [Test]
    public void AnotherProcessIsNotMappedOver()
    {
        var other = new AddressSpace(_arena);
        var theirs = other.Map(new MapRequest(0, 4 * Page, ReadWrite, Anonymous)).Value;
        Assert.That(_space.Map(new MapRequest(theirs, Page, ReadWrite, Anonymous | MapFlags.MAP_FIXED)).Error, Is.EqualTo(Errno.ENOMEM));
        Assert.That(_space.Map(new MapRequest(theirs, Page, ReadWrite, Anonymous)).Value, Is.Not.EqualTo(theirs), "as a hint it is no more than that");
        other.Release();
    }

    [Test]
    public void FixedPlacesAreHeldToTheRules()
    {
        var address = Map(0, 4 * Page, ReadWrite, Anonymous);
        Assert.That(_space.Map(new MapRequest(address + 1, Page, ReadWrite, Anonymous | MapFlags.MAP_FIXED)).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(_space.Map(new MapRequest(4096, Page, ReadWrite, Anonymous | MapFlags.MAP_FIXED)).Error, Is.EqualTo(Errno.EPERM));
        Assert.That(_space.Map(new MapRequest(address + Page, Page, ReadWrite, Anonymous | MapFlags.MAP_FIXED_NOREPLACE)).Error, Is.EqualTo(Errno.EEXIST));
        Poke(address + Page, 9);
        Assert.That(Map(address + Page, Page, ReadWrite, Anonymous | MapFlags.MAP_FIXED), Is.EqualTo(address + Page));
        Assert.That(Peek(address + Page), Is.Zero, "mapped over");
        Assert.That(_space.Unmap(address + Page, Page), Is.EqualTo(Errno.None));
        Assert.That(Map(address + Page, Page, MapProtection.PROT_READ, Anonymous | MapFlags.MAP_FIXED_NOREPLACE), Is.EqualTo(address + Page));
    }

    [Test]
    public void TheHeapGrowsShrinksAndStopsAtWhatIsInTheWay()
    {
        var reserve = _arena.Reserve(64 * Page);
        _space.SetBrkReserve(reserve, reserve + 64 * Page);
        Assert.That(_space.Brk(0), Is.EqualTo(reserve));
        Assert.That(_space.Brk(reserve + 100), Is.EqualTo(reserve + 100));
        Poke(reserve + 4000, 5);
        Assert.That(_space.Brk(reserve + 3 * Page), Is.EqualTo(reserve + 3 * Page));
        Assert.That(Peek(reserve + 4000), Is.EqualTo(5));
        Assert.That(_space.Brk(reserve + Page), Is.EqualTo(reserve + Page));
        Assert.That(Peek(reserve + Page), Is.Null);
        Assert.That(Map(reserve + 8 * Page, Page, MapProtection.PROT_NONE, Anonymous | MapFlags.MAP_FIXED), Is.EqualTo(reserve + 8 * Page));
        Assert.That(_space.Brk(reserve + 9 * Page), Is.EqualTo(reserve + Page), "something is in the way");
        Assert.That(_space.Brk(reserve + 8 * Page), Is.EqualTo(reserve + 8 * Page));
        Assert.That(_space.Brk(reserve + 65 * Page), Is.EqualTo(reserve + 8 * Page), "the reserve ends");
        Assert.That(_space.Brk(reserve + 9 * Page, MemoryLimits.None with { Data = Page }), Is.EqualTo(reserve + 8 * Page));
        Assert.That(_space.Snapshot()[0].Name, Is.EqualTo("[heap]"));
    }

    private ulong Map(ulong address, ulong length, MapProtection protection, MapFlags flags)
    {
        var result = _space.Map(new MapRequest(address, length, protection, flags));
        Assert.That(result.Error, Is.EqualTo(Errno.None));
        return result.Value;
    }

    private int? Peek(ulong address) => _arena.Memory.Read(new UserPtr<byte>(address), out var value) == Errno.None ? value : null;

    private Errno Poke(ulong address, byte value) => _arena.Memory.Write(new UserPtr<byte>(address), value);
}
