using Nommu.Core.Abi;
using Nommu.Core.Ipc;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Ipc;

public class IpcTableTests
{
    private readonly IpcTable<Item> _table = new();

    [Test]
    public void AnIdComesBackOnlyInAnotherRound()
    {
        var first = Add();
        Assert.That(first.Id, Is.Zero);
        _table.Remove(first);
        Item last = first;
        for (var i = 1; i < 64; i++)
        {
            last = Add();
            Assert.That(last.Id, Is.EqualTo(i));
            _table.Remove(last);
        }
        var next = Add();
        Assert.That(next.Id, Is.EqualTo(1 << 15));
        Assert.That(next.Perm.Sequence, Is.EqualTo(1));
        Assert.That(_table.Find(first.Id), Is.Null);
        Assert.That(_table.Find(next.Id), Is.SameAs(next));
        Assert.That(_table.At(0), Is.SameAs(next));
    }

    [Test]
    public void ItHoldsAsManyAsThereAreIndices()
    {
        var all = Enumerable.Range(0, 1 << 15).Select(_ => Add()).ToArray();
        Assert.That(all.Select(item => item.Id).Distinct().Count(), Is.EqualTo(all.Length));
        Assert.That(_table.HighestIndex, Is.EqualTo((1 << 15) - 1));
        _table.Remove(all[777]);
        var again = Add();
        Assert.That(again.Id & 0x7FFF, Is.EqualTo(all[777].Id & 0x7FFF));
        Assert.That(again.Id, Is.Not.EqualTo(all[777].Id));
    }

    [Test]
    public void AKeyIsFreeAgainOnceItIsForgotten()
    {
        var item = Add(5);
        Assert.That(_table.Look(5, IpcFlags.None, out var found), Is.EqualTo(Errno.None));
        Assert.That(found, Is.SameAs(item));
        _table.ForgetKey(item);
        Assert.That(_table.Look(5, IpcFlags.None, out _), Is.EqualTo(Errno.ENOENT));
        Assert.That(_table.Look(5, IpcFlags.IPC_CREAT, out found), Is.EqualTo(Errno.None));
        Assert.That(found, Is.Null);
        _table.Remove(item);
        Assert.That(_table.Count, Is.Zero);
    }

    private Item Add(int key = 0)
    {
        var item = new Item(key);
        _table.Add(item);
        return item;
    }

    private sealed class Item(int key) : IpcObject(key, 0x180, Credentials.Root, 0);
}
