using System.Collections.Concurrent;
using System.Diagnostics;
using Nommu.Core.Host;

namespace Nommu.Core.Tests.Host;

public class HostTimersTests
{
    private static readonly TimeSpan s_never = Timeout.InfiniteTimeSpan;

    private readonly HostTimers _timers = new(Now);

    [Test]
    public void RingsOnceInOrderAndNotEarly()
    {
        long time = 0;
        var timers = new HostTimers(() => Volatile.Read(ref time));
        var rung = new BlockingCollection<(int Number, long Time)>();
        int[] order = [3, 0, 2, 1];
        foreach (var number in order)
            _ = Make(timers, number, rung, () => Volatile.Read(ref time)).Change(TimeSpan.FromMilliseconds(20 + (5 * number)), s_never);
        for (var expected = 0; expected < order.Length; expected++)
        {
            Assert.That(rung, Is.Empty);
            Volatile.Write(ref time, (20 + (5 * expected)) * 1_000_000L);
            Assert.That(Take(rung), Is.EqualTo((expected, (20 + (5 * expected)) * 1_000_000L)));
        }
        Volatile.Write(ref time, long.MaxValue);
        Assert.That(rung.TryTake(out _, 20), Is.False);
    }

    [Test]
    public void OneThatIsChangedRingsAtItsNewTimeAndOneThatIsStoppedNever()
    {
        long time = 0;
        var timers = new HostTimers(() => Volatile.Read(ref time));
        var rung = new BlockingCollection<(int Number, long Time)>();
        var all = Enumerable.Range(1, 4).Select(number => Make(timers, number, rung, () => Volatile.Read(ref time))).ToArray();
        var (later, stopped, disposed, sooner) = (all[0], all[1], all[2], all[3]);
        foreach (var timer in new[] { later, stopped, disposed })
            _ = timer.Change(TimeSpan.FromMilliseconds(200), s_never);
        _ = sooner.Change(TimeSpan.FromHours(1), s_never);
        _ = later.Change(TimeSpan.FromMilliseconds(300), s_never);
        _ = stopped.Change(s_never, s_never);
        disposed.Dispose();
        _ = sooner.Change(TimeSpan.Zero, s_never);
        Assert.That(Take(rung).Number, Is.EqualTo(4));
        Volatile.Write(ref time, 299_999_999);
        Assert.That(rung.TryTake(out _, 20), Is.False);
        Volatile.Write(ref time, 300_000_000);
        Assert.That(Take(rung).Number, Is.EqualTo(1));
        Assert.That(rung, Is.Empty);
    }

    [Test]
    public void ManyThreadsSetTimersAtOnceAndAgainFromTheirCallbacks()
    {
        const int Threads = 4, Each = 200, Again = 5;
        using var left = new CountdownEvent(Threads * Each * Again);
        Parallel.For(0, Threads, thread =>
        {
            for (var i = 0; i < Each; i++)
            {
                var rings = 0;
                ITimer? timer = null;
                timer = _timers.Create(state =>
                {
                    left.Signal();
                    if (++rings < Again)
                        timer!.Change(TimeSpan.FromTicks(rings * 100), s_never);
                }, left);
                timer.Change(TimeSpan.FromTicks(i % 7 * 1000), s_never);
            }
        });
        Assert.That(left.Wait(TimeSpan.FromSeconds(20)));
    }

    [Test]
    public async Task ItsThreadEndsWhenThereIsNothingToRingAndComesBack()
    {
        var threads = new BlockingCollection<Thread>();
        using var timer = _timers.Create(_ => threads.Add(Thread.CurrentThread), threads);
        for (var i = 0; i < 2; i++)
        {
            _ = timer.Change(TimeSpan.Zero, s_never);
            var thread = threads.Take();
            for (var patience = 200; thread.IsAlive && patience > 0; patience--)
                await Task.Delay(50);
            Assert.That(thread.IsAlive, Is.False);
        }
    }

    private static ITimer Make(HostTimers timers, int number, BlockingCollection<(int Number, long Time)> rung, Func<long> now) => timers.Create(_ => rung.Add((number, now())), rung);

    private static (int Number, long Time) Take(BlockingCollection<(int Number, long Time)> rung)
    {
        Assert.That(rung.TryTake(out var taken, TimeSpan.FromSeconds(20)));
        return taken;
    }

    private static long Now() => (long)((Int128)Stopwatch.GetTimestamp() * 1_000_000_000 / Stopwatch.Frequency);
}
