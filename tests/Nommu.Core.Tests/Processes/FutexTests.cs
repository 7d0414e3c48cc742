using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Tests.Time;
using static Nommu.Core.Abi.SystemCallNumber;

namespace Nommu.Core.Tests.Processes;

public sealed class FutexTests : IDisposable
{
    private const ulong WAIT = 128, SHARED_WAIT = 0, WAKE = 129, REQUEUE = 131, CMP_REQUEUE = 132, WAKE_OP = 133, WAIT_BITSET = 137, WAKE_BITSET = 138, REALTIME = 256;

    private readonly ManualClock _clock = new();
    private readonly TimeMachine _machine;

    public FutexTests() => _machine = new TimeMachine(_clock);

    public void Dispose() => _machine.Dispose();

    private Task<Nommu.Core.Syscalls.SyscallResult>[] Wait(int count, ulong address, ulong bits = uint.MaxValue)
    {
        var threads = Enumerable.Range(0, count).Select(_ => _machine.StartThread()).ToArray();
        var tasks = threads.Select(thread => _machine.CallLater(thread, futex, address, WAIT_BITSET, 0, 0, 0, bits)).ToArray();
        Assert.That(() => threads.All(thread => thread.IsAsleep), Is.True.After(20_000, 1));
        return tasks;
    }

    private static int Done(Task[] tasks) => tasks.Count(task => task.IsCompleted);

    [Test]
    public void WakersWakeAsManyAsTheySay()
    {
        var word = _machine.Place(0u).Address;
        var tasks = Wait(5, word);
        Assert.That(_machine.Call(futex, word, WAKE, 2).Value, Is.EqualTo(2));
        Assert.That(() => Done(tasks), Is.EqualTo(2).After(20_000, 1));
        Assert.That(_machine.Call(futex, word + 4, WAKE, 9).Value, Is.Zero);
        Assert.That(_machine.Call(futex, word, WAKE, int.MaxValue).Value, Is.EqualTo(3));
        Task.WaitAll(tasks);
        Assert.That(tasks.Select(task => task.Result.Value), Is.All.Zero);
        Assert.That(_machine.Call(futex, word, WAKE, 1).Value, Is.Zero);
    }

    [Test]
    public void BitsSayWhoIsMeant()
    {
        var word = _machine.Place(0u).Address;
        var (even, odd) = (Wait(2, word, 1), Wait(2, word, 2));
        Assert.That(_machine.Call(futex, word, WAKE_BITSET, 9, 0, 0, 2).Value, Is.EqualTo(2));
        Task.WaitAll(odd);
        Assert.That(Done(even), Is.Zero);
        Assert.That(_machine.Call(futex, word, WAKE_BITSET, 9, 0, 0, 0).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(_machine.Call(futex, word, WAKE, 9).Value, Is.EqualTo(2));
        Task.WaitAll(even);
    }

    [Test]
    public void RequeuedWaitersWaitElsewhere()
    {
        var (first, second) = (_machine.Place(0u).Address, _machine.Place(0u).Address);
        var tasks = Wait(4, first);
        Assert.That(_machine.Call(futex, first, CMP_REQUEUE, 1, 2, second, 1).Error, Is.EqualTo(Errno.EAGAIN));
        Assert.That(_machine.Call(futex, first, CMP_REQUEUE, 1, 2, second, 0).Value, Is.EqualTo(3));
        Assert.That(() => Done(tasks), Is.EqualTo(1).After(20_000, 1));
        Assert.That(_machine.Call(futex, second, WAKE, 9).Value, Is.EqualTo(2));
        Assert.That(_machine.Call(futex, first, REQUEUE, 0, 9, second, 0).Value, Is.EqualTo(1));
        Assert.That(_machine.Call(futex, second, WAKE, 9).Value, Is.EqualTo(1));
        Task.WaitAll(tasks);
        Assert.That(_machine.Call(futex, first, CMP_REQUEUE, unchecked((ulong)-1), 0, second, 0).Error, Is.EqualTo(Errno.EINVAL));
    }

    [Test]
    public void WakeOpChangesTheSecondWordAndLooksAtWhatItWas()
    {
        var (first, second) = (_machine.Place(0u), _machine.Place(0u));
        var tasks = Wait(2, first.Address).Concat(Wait(1, second.Address)).ToArray();
        const ulong AddFiveIfZero = (1UL << 28) | (0UL << 24) | (5UL << 12);
        Assert.That(_machine.Call(futex, first.Address, WAKE_OP, 9, 9, second.Address, AddFiveIfZero).Value, Is.EqualTo(3));
        Task.WaitAll(tasks);
        Assert.That(_machine.Read(second), Is.EqualTo(5));
        const ulong SetIfMinusOne = (0UL << 28) | (0UL << 24) | (0xffeUL << 12) | 0xfff;
        Assert.That(_machine.Call(futex, first.Address, WAKE_OP, 9, 9, second.Address, SetIfMinusOne).Value, Is.Zero);
        Assert.That((int)_machine.Read(second), Is.EqualTo(-2));
        Assert.That(_machine.Call(futex, first.Address, WAKE_OP, 9, 9, second.Address, 6UL << 28).Error, Is.EqualTo(Errno.ENOSYS));
    }

    [Test]
    public async Task WaitsEndInTime([Values] bool realtime)
    {
        var word = _machine.Place(0u).Address;
        var clock = _machine.Machine.Clock;
        var time = realtime ? clock.RealtimeTimespec : Nommu.Core.Time.KernelClock.ToTimespec(clock.MonotonicNanoseconds);
        var until = _machine.Place(time with { Seconds = time.Seconds + 5 }).Address;
        var wait = _machine.CallLater(_machine.Main, futex, word, WAIT_BITSET | (realtime ? REALTIME : 0), 0, until, 0, uint.MaxValue);
        _clock.WaitForTimer();
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.That(wait.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.That((await wait).Error, Is.EqualTo(Errno.ETIMEDOUT));
        Assert.That(_machine.Call(futex, word, WAKE, 9).Value, Is.Zero, "it has left the queue");
    }

    [Test]
    public async Task ASignalEndsAWait()
    {
        var word = _machine.Place(0u).Address;
        var wait = _machine.CallLater(_machine.Main, futex, word, WAIT, 0, 0);
        Assert.That(() => _machine.Main.IsAsleep, Is.True.After(20_000, 1));
        _machine.Send(_machine.Main, Signal.SIGUSR1);
        Assert.That((await wait).Error, Is.EqualTo(Errno.ERESTARTSYS));
        _ = _machine.Take(_machine.Main);
        wait = _machine.CallLater(_machine.Main, futex, word, WAIT, 0, _machine.Place(new Timespec(9, 0)).Address);
        _clock.WaitForTimer();
        _machine.Send(_machine.Main, Signal.SIGUSR1);
        Assert.That((await wait).Error, Is.EqualTo(Errno.ERESTART_RESTARTBLOCK));
        Assert.That(_machine.Call(futex, word, WAKE, 9).Value, Is.Zero);
    }

    [Test]
    public void WhatIsNoFutexIsRefused()
    {
        var word = _machine.Place(7u).Address;
        Assert.Multiple(() =>
        {
            Assert.That(_machine.Call(futex, word, WAIT, 6).Error, Is.EqualTo(Errno.EAGAIN));
            Assert.That(_machine.Call(futex, word + 1, WAIT, 7).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(_machine.Call(futex, 4096, WAIT, 0).Error, Is.EqualTo(Errno.EFAULT));
            Assert.That(_machine.Call(futex, word, WAIT, 7, _machine.Place(new Timespec(0, -1)).Address).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(_machine.Call(futex, word, WAKE | REALTIME).Error, Is.EqualTo(Errno.ENOSYS));
        });
    }

    /// <summary>The three-state lock of Drepper, "Futexes are tricky": any lost wake-up hangs it.</summary>
    [Test, CancelAfter(60_000)]
    public void ALockMadeOfFutexesExcludes()
    {
        const int Threads = 4, Rounds = 3_000;
        var word = _machine.Place(0u).Address;
        var counter = 0;
        var threads = Enumerable.Range(0, Threads).Select(_ => _machine.StartThread()).Select(guest => new Thread(() => Run(guest))).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.That(counter, Is.EqualTo(Threads * Rounds));

        void Run(GuestThread guest)
        {
            for (var i = 0; i < Rounds; i++)
            {
                Lock(guest);
                counter++;
                if (i % 8 == 0)
                    Thread.Yield();
                if (Exchange(guest, 0) == 2)
                    _ = _machine.Call(guest, futex, word, WAKE, 1);
            }
        }

        void Lock(GuestThread guest)
        {
            var found = 0u;
            _ = guest.Memory.CompareExchangeWord(word, ref found, 1);
            if (found == 0)
                return;
            while (Exchange(guest, 2) != 0)
                _ = _machine.Call(guest, futex, word, WAIT, 2);
        }

        uint Exchange(GuestThread guest, uint value)
        {
            _ = guest.Memory.LoadWord(word, out var old);
            while (true)
            {
                var found = old;
                _ = guest.Memory.CompareExchangeWord(word, ref found, value);
                if (found == old)
                    return old;
                old = found;
            }
        }
    }

    [Test]
    public async Task TheLastOfAThreadIsToldByItsFutexes()
    {
        var dying = _machine.StartThread();
        var tid = _machine.Place((uint)dying.Id);
        var held = _machine.Place((uint)dying.Id | 0x80000000u);
        var node = _machine.Place(0UL); // a list of one lock, its word behind the link
        var head = _machine.Place((node.Address, (long)(held.Address - node.Address), 0UL));
        Assert.That(_machine.Main.Memory.Write(node, head.Address), Is.EqualTo(Errno.None));
        Assert.That(_machine.Call(dying, set_robust_list, head.Address, 24).Value, Is.Zero);
        Assert.That(_machine.Call(dying, set_tid_address, tid.Address).Value, Is.EqualTo(dying.Id));
        var join = _machine.CallLater(_machine.StartThread(), futex, tid.Address, SHARED_WAIT, (ulong)dying.Id);
        var taker = _machine.CallLater(_machine.StartThread(), futex, held.Address, SHARED_WAIT, (ulong)dying.Id | 0x80000000u);
        Assert.That(() => _machine.Main.Process.Threads.Count(thread => thread.IsAsleep), Is.EqualTo(2).After(20_000, 1));
        dying.ReleaseFutexes(FutexExitState.Dead);
        Assert.That(((await join).Value, (await taker).Value), Is.EqualTo((0L, 0L)));
        Assert.That((_machine.Read(tid), _machine.Read(held)), Is.EqualTo((0u, 0xC0000000u)));
    }
}
