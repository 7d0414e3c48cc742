using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Tests.Memory;

/// <summary>mremap(2) and madvise(2) of memory without a file.</summary>
public class RemapTests
{
    private const MapProtection ReadWrite = MapProtection.PROT_READ | MapProtection.PROT_WRITE;
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

    [TestCase(2UL)]
    [TestCase(200UL)]
    public void AMovedMappingTakesItsContentsAlong(ulong pages)
    {
        var at = Map(pages * Page);
        Map(Page); // in the way, perhaps
        Poke(at, 1);
        Poke(at + (pages - 1) * Page, 2);
        var target = _arena.Reserve(4 * pages * Page);
        _arena.Free(target, 4 * pages * Page);
        var moved = _space.Remap(at, pages * Page, 2 * pages * Page, RemapFlags.MREMAP_MAYMOVE | RemapFlags.MREMAP_FIXED, target).Value;
        Assert.That(moved, Is.EqualTo(target));
        Assert.That((Peek(moved), Peek(moved + (pages - 1) * Page), Peek(moved + (2 * pages - 1) * Page), Peek(at)), Is.EqualTo(((int?)1, (int?)2, (int?)0, (int?)null)));
    }

    [Test]
    public void AMappingShrinksInItsPlaceAndGrowsAgain()
    {
        var at = Map(4 * Page);
        Poke(at, 5);
        Assert.That(_space.Remap(at, 4 * Page, 2 * Page, RemapFlags.None, 0).Value, Is.EqualTo(at));
        Assert.That(Peek(at + 2 * Page), Is.Null);
        Assert.That(_space.Remap(at, 2 * Page, 3 * Page, RemapFlags.None, 0).Value, Is.EqualTo(at));
        Assert.That((Peek(at), Peek(at + 2 * Page)), Is.EqualTo(((int?)5, (int?)0)));
    }

    [Test]
    public void ProtectionGoesAlong()
    {
        var at = Map(2 * Page);
        Poke(at, 9);
        Assert.That(_space.Protect(at, 2 * Page, MapProtection.PROT_READ), Is.EqualTo(Errno.None));
        Map(Page);
        var moved = _space.Remap(at, 2 * Page, 64 * Page, RemapFlags.MREMAP_MAYMOVE, 0).Value;
        Assert.That((Peek(moved), _space.ProtectionAt(moved), _space.ProtectionAt(moved + 63 * Page)), Is.EqualTo(((int?)9, (MapProtection?)MapProtection.PROT_READ, (MapProtection?)MapProtection.PROT_READ)));
    }

    [Test]
    public void WhatCannotBeIsAnError()
    {
        var at = Map(2 * Page);
        Assert.Multiple(() =>
        {
            Assert.That(_space.Remap(at + 1, Page, Page, RemapFlags.None, 0).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(_space.Remap(at, Page, 0, RemapFlags.None, 0).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(_space.Remap(at, Page, Page, RemapFlags.MREMAP_FIXED, at).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(_space.Remap(at, 9 * Page, 10 * Page, RemapFlags.MREMAP_MAYMOVE, 0).Error, Is.EqualTo(Errno.EFAULT));
            Assert.That(_space.Remap(at, Page, 2 * Page, RemapFlags.None, 0).Error, Is.EqualTo(Errno.ENOMEM), "its own second page is in the way");
            Assert.That(_space.Advise(at, 3 * Page, MemoryAdvice.MADV_DONTNEED), Is.EqualTo(Errno.ENOMEM));
            Assert.That(_space.Advise(at, Page, (MemoryAdvice)77), Is.EqualTo(Errno.EINVAL));
        });
    }

    private ulong Map(ulong length) => _space.Map(new MapRequest(0, length, ReadWrite, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS)).Value;

    private int? Peek(ulong address) => _arena.Memory.Read(new UserPtr<byte>(address), out var value) == Errno.None ? value : null;

    private void Poke(ulong address, byte value) => Assert.That(_arena.Memory.Write(new UserPtr<byte>(address), value), Is.EqualTo(Errno.None));
}
