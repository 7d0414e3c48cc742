using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Processes;

public class WaitQueueTests
{
    private sealed class CountingWaiter : Waiter
    {
        private int _wakes;

        internal int Wakes => Volatile.Read(ref _wakes);

        internal override void Wake() => Interlocked.Increment(ref _wakes);
    }

    [Test]
    public void AWakeReachesEveryWaiterOnce()
    {
        var queue = new WaitQueue();
        var first = new CountingWaiter();
        var second = new CountingWaiter();
        queue.Add(new WaitEntry(first));
        queue.Add(new WaitEntry(second));
        queue.Wake();
        Assert.That((first.Wakes, second.Wakes), Is.EqualTo((1, 1)));
    }

    [Test]
    public void WhoHasLeftIsNotWoken([Values(0, 1, 2)] int leaver)
    {
        var queue = new WaitQueue();
        var waiters = Enumerable.Range(0, 3).Select(_ => new CountingWaiter()).ToArray();
        var entries = waiters.Select(waiter => new WaitEntry(waiter)).ToArray();
        foreach (var entry in entries)
            queue.Add(entry);
        entries[leaver].Leave();
        entries[leaver].Leave();
        queue.Wake();
        Assert.That(waiters.Select(waiter => waiter.Wakes), Is.EqualTo(Enumerable.Range(0, 3).Select(i => i == leaver ? 0 : 1)));
    }

    [Test]
    public void APollTableHangsOnManyQueuesAndIsReused()
    {
        var waiter = new CountingWaiter();
        var table = new PollTable(waiter);
        var queues = Enumerable.Range(0, 5).Select(_ => new WaitQueue()).ToArray();
        for (var round = 0; round < 3; round++)
        {
            foreach (var queue in queues)
                table.Add(queue);
            foreach (var queue in queues)
                queue.Wake();
            table.Clear();
            Assert.That(queues.All(queue => queue.IsEmpty));
        }
        Assert.That(waiter.Wakes, Is.EqualTo(15));
    }

    [Test]
    public void NoWakeIsLostBetweenLookingAndWaiting()
    {
        // The waiter enqueues, then looks; the waker sets the state, then wakes: one of the two must see the other.
        var queue = new WaitQueue();
        for (var round = 0; round < 20_000; round++)
        {
            var waiter = new CountingWaiter();
            var entry = new WaitEntry(waiter);
            var ready = 0;
            var seen = 0;
            Parallel.Invoke(
                () => { Volatile.Write(ref ready, 1); queue.Wake(); },
                () => { queue.Add(entry); seen = Volatile.Read(ref ready); });
            entry.Leave();
            Assert.That(seen == 1 || waiter.Wakes > 0, $"round {round}");
        }
    }
}
