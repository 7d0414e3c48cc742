using Nommu.Core.Execution;
using Nommu.Core.Host;

namespace Nommu.Core.Tests.Execution;

public class UserCopyTests
{
    private const int Page = 4096;
    private nint _pages;

    /// <summary>One page that is there, between two that are not.</summary>
    [SetUp]
    public void MapOnePageBetweenGuards()
    {
        _pages = HostCalls.mmap(0, 3 * Page, 0, 0x22, -1, 0);
        Assert.That(HostCalls.mprotect(_pages + Page, Page, 3), Is.Zero);
    }

    [TearDown]
    public void Unmap() => HostCalls.munmap(_pages, 3 * Page);

    private ulong Start => (ulong)_pages + Page;

    private ulong End => Start + Page;

    [Test]
    public void ACopyTellsToTheByteWhatIsLeft([Values(0, 1, 7, 100, Page)] int inside, [Values(0, 1, 9, 5000)] int outside)
    {
        var buffer = new byte[inside + outside];
        Array.Fill(buffer, (byte)7);
        Assert.That(UserCopy.CopyToUser(End - (ulong)inside, buffer), Is.EqualTo(outside));
        var back = new byte[inside + outside];
        Assert.That(UserCopy.CopyFromUser(back, End - (ulong)inside), Is.EqualTo(outside));
        Assert.That(back.AsSpan(0, inside).SequenceEqual(buffer.AsSpan(0, inside)));
        Assert.That(UserCopy.ClearUser(End - (ulong)inside, (ulong)(inside + outside)), Is.EqualTo((ulong)outside));
    }

    [TestCase(0UL)]
    [TestCase(8UL)]
    [TestCase(0xdead_beef_0000_0000UL)]
    [TestCase(ulong.MaxValue)]
    public void ABadAddressIsAnAnswer(ulong address)
    {
        uint expected = 0;
        Assert.Multiple(() =>
        {
            Assert.That(UserCopy.CopyToUser(address, new byte[8]), Is.EqualTo(8));
            Assert.That(UserCopy.CopyFromUser(new byte[8], address), Is.EqualTo(8));
            Assert.That(UserCopy.StringLength(address, 100), Is.EqualTo(-1));
            Assert.That(UserCopy.TryLoad32(address, out _), Is.False);
            Assert.That(UserCopy.TryStore32(address, 1), Is.False);
            Assert.That(UserCopy.TryCompareExchange32(address, ref expected, 1), Is.False);
        });
    }

    [Test]
    public void StringsAndWords()
    {
        Assert.That(UserCopy.CopyToUser(End - 6, "hello\0"u8), Is.Zero);
        Assert.That(UserCopy.StringLength(End - 6, 100), Is.EqualTo(5));
        Assert.That(UserCopy.StringLength(End - 6, 3), Is.EqualTo(3));
        Assert.That(UserCopy.CopyToUser(End - 6, "hello!"u8), Is.Zero);
        Assert.That(UserCopy.StringLength(End - 6, 100), Is.EqualTo(-1));
        Assert.That(UserCopy.TryStore32(Start, 5), Is.True);
        uint found = 4;
        Assert.That(UserCopy.TryCompareExchange32(Start, ref found, 6), Is.True);
        Assert.That(found, Is.EqualTo(5));
        Assert.That(UserCopy.TryCompareExchange32(Start, ref found, 6), Is.True);
        Assert.That(UserCopy.TryLoad32(Start, out var value), Is.True);
        Assert.That(value, Is.EqualTo(6));
    }
}
