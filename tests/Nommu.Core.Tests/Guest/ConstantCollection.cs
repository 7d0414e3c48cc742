namespace Nommu.Core.Tests.Guest;

/// <summary>A thread of the host that makes garbage and collects it until it is disposed of.</summary>
internal sealed class ConstantCollection : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _isOver;

    /// <param name="pause">Between two collections, in milliseconds: each stops all threads that come out of a guest, so many threads get nowhere without.</param>
    internal ConstantCollection(int pause = 0)
    {
        _thread = new Thread(() =>
        {
            var garbage = Array.Empty<byte>();
            while (!_isOver)
            {
                for (var i = 0; i < 1000; i++)
                    garbage = new byte[1000];
                GC.Collect(0);
                if (pause > 0)
                    Thread.Sleep(pause);
            }
            GC.KeepAlive(garbage);
        });
        _thread.Start();
    }

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
    }
}
