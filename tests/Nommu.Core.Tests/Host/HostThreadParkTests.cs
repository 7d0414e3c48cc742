using Nommu.Core.Host;

namespace Nommu.Core.Tests.Host;

public class HostThreadParkTests
{
    [Test]
    public void ATokenWaitsForItsThread()
    {
        var park = new HostThreadPark();
        park.Unpark();
        park.Unpark();
        Assert.That(park.Park(-1), Is.True);
        Assert.That(park.Park(0), Is.False);
        Assert.That(park.Park(1_000_000), Is.False);
    }

    [Test]
    public void TwoThreadsHandOverWithoutLoss()
    {
        var ping = new HostThreadPark();
        var pong = new HostThreadPark();
        const int Rounds = 20_000;
        var asked = 0;
        var answered = 0;
        var thread = new Thread(() =>
        {
            for (var i = 1; i <= Rounds; i++)
            {
                while (Volatile.Read(ref asked) < i)
                    ping.Park(-1);
                Volatile.Write(ref answered, i);
                pong.Unpark();
            }
        });
        thread.Start();
        for (var i = 1; i <= Rounds; i++)
        {
            Volatile.Write(ref asked, i);
            ping.Unpark();
            while (Volatile.Read(ref answered) < i)
                pong.Park(-1);
        }
        thread.Join();
        Assert.That(answered, Is.EqualTo(Rounds));
    }
}
