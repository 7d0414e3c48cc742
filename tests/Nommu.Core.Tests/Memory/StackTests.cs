using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Tests.Memory;

public class StackTests
{
    private const MapProtection ReadWrite = MapProtection.PROT_READ | MapProtection.PROT_WRITE;

    private Arena _arena = null!;

    [SetUp]
    public void MakeArena() => _arena = new Arena(64 << 20, 1UL << 30);

    [TearDown]
    public void DisposeArena() => _arena.Dispose();

    [Test]
    public void APageBelowItCannotBeTouched()
    {
        var space = new AddressSpace(_arena);
        var top = space.MapStack(1 << 20, ReadWrite).Value;
        Assert.Multiple(() =>
        {
            Assert.That(_arena.Memory.Write(new UserPtr<int>(top - (1 << 20)), 1), Is.EqualTo(Errno.None));
            Assert.That(_arena.Memory.Write(new UserPtr<int>(top - (1 << 20) - 4), 1), Is.EqualTo(Errno.EFAULT));
            Assert.That(space.ProtectionAt(top - (1 << 20) - 1), Is.EqualTo(MapProtection.PROT_NONE));
            Assert.That(_arena.Charged, Is.EqualTo(256));
        });
        space.Release();
        Assert.That(_arena.Charged, Is.Zero);
    }

    [Test]
    public void TheNextProcessGetsTheSameOneCleared()
    {
        var tops = new HashSet<ulong>();
        for (var i = 0; i < 100; i++)
        {
            var space = new AddressSpace(_arena);
            var top = space.MapStack(1 << 20, ReadWrite).Value;
            tops.Add(top);
            Assert.That(_arena.Memory.Read(new UserPtr<int>(top - 4), out var left), Is.EqualTo(Errno.None));
            Assert.That(left, Is.Zero);
            Assert.That(_arena.Memory.Write(new UserPtr<int>(top - 4), 1), Is.EqualTo(Errno.None));
            space.Release();
        }
        Assert.That(tops, Has.Count.EqualTo(1));
    }

    [Test]
    public void MoreThanTheKernelsMemoryIsEnomem()
    {
        var space = new AddressSpace(_arena);
        Assert.That(space.MapStack(128 << 20, ReadWrite).Error, Is.EqualTo(Errno.ENOMEM));
        space.Release();
    }
}
