using Nommu.Core.Abi;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Raw mode's patience (termios(3), "noncanonical mode"): decides whether a read answers now, and has its sleeper woken where VTIME says. One per open file; guarded by the terminal's lock.</summary>
internal sealed class InputTimer(Tty tty) : IDisposable
{
    private static readonly TimeSpan Unit = TimeSpan.FromMilliseconds(100);

    private ITimer? _timer;
    private bool _runs;
    private bool _isOver;
    private int _seen;

    /// <returns>True when the read takes what there is, be it nothing; false when it waits.</returns>
    internal bool IsDue(int wanted, bool nonblocking)
    {
        var line = tty.Line;
        ref readonly var termios = ref line.Termios;
        if ((termios.Local & TermiosLocal.ICANON) != 0)
            return line.CanRead(1);
        var (minimum, time, available) = ((int)termios[TermiosCharacter.VMIN], (int)termios[TermiosCharacter.VTIME], line.Available);
        if (available > 0 && (nonblocking || available >= Math.Min(minimum, wanted)))
            return true;
        if (time == 0 || nonblocking)
            return minimum == 0 && time == 0;
        if (_isOver)
            return true;
        // Without a minimum the time runs from the beginning, else from one byte to the next.
        if (minimum == 0 ? !_runs : available != _seen)
            Start(Unit * time);
        _seen = available;
        return false;
    }

    /// <summary>The read has been answered or given up.</summary>
    internal void Reset()
    {
        _isOver = false;
        _seen = 0;
        if (!_runs)
            return;
        _runs = false;
        _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer?.Dispose();

    private void Start(TimeSpan time)
    {
        _runs = true;
        _timer ??= tty.Clock.CreateTimer(static self => ((InputTimer)self!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(time, Timeout.InfiniteTimeSpan);
    }

    private void Expire()
    {
        lock (tty.Lock)
        {
            if (!_runs)
                return;
            _runs = false;
            _isOver = true;
        }
        tty.InputQueue.Wake();
    }
}
