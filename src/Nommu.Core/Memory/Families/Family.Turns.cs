namespace Nommu.Core.Memory.Families;

/// <summary>Whose turn it is. The threads of one member run at a time, as many as it has; while others wait, for a slice of time.</summary>
internal sealed partial class Family
{
    /// <summary>Long beside a switch (some ten microseconds), short for a person.</summary>
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(3);

    private readonly List<FamilyTurn> _present = [];
    private readonly LinkedList<FamilyTurn> _waiting = [];
    private AddressSpace? _current;
    private FamilyTurn? _alone;
    private bool _isOver;
    private ITimer? _timer;
    private bool _isTimed;

    /// <summary>Waits for a member's turn, and makes its pages be in place.</summary>
    internal void Take(FamilyTurn turn, AddressSpace member)
    {
        lock (Lock)
        {
            if (_alone is null && (_present.Count == 0 ? _waiting.Count == 0 : _current == member && !_isOver))
            {
                Admit(turn, member);
                return;
            }
            turn.Wanted = member;
            turn.IsWaiting = true;
            _waiting.AddLast(turn);
            SetTimer();
        }
        turn.Wait();
    }

    /// <summary>A thread sleeps, ends, executes a program or lets others go on.</summary>
    internal void GiveUp(FamilyTurn turn)
    {
        lock (Lock)
        {
            _present.Remove(turn);
            turn.Leave();
            if (_present.Count == 0)
                Next();
            else if (_alone is { } alone && _present.Count == 1)
                alone.Wake();
        }
    }

    /// <summary>Makes who has a turn the only one who runs, for as long as it takes to fork. Others of its member stop where they next leave the guest, or sleep.</summary>
    internal void BeginAlone(FamilyTurn turn, AddressSpace member)
    {
        while (true)
        {
            lock (Lock)
            {
                if (_alone is null || _alone == turn)
                {
                    _alone = turn;
                    if (_present.Count == 1)
                        return;
                    foreach (var other in _present)
                    {
                        if (other != turn)
                            other.AskToLeave();
                    }
                }
            }
            if (_alone == turn)
            {
                turn.Sleep();
                continue;
            }
            GiveUp(turn);
            Take(turn, member);
        }
    }

    /// <summary>Ends <see cref="BeginAlone"/>.</summary>
    internal void EndAlone()
    {
        lock (Lock)
        {
            _alone = null;
            AdmitAll(_current);
        }
    }

    private void Admit(FamilyTurn turn, AddressSpace member)
    {
        if (_present.Count == 0)
        {
            _current = member;
            _isOver = false;
            member.BringIn();
        }
        _present.Add(turn);
        turn.Enter(this, member);
    }

    /// <summary>The turn of who has waited longest, with all threads of that member.</summary>
    private void Next()
    {
        if (_waiting.First is { } first)
            AdmitAll(first.Value.Wanted);
    }

    private void AdmitAll(AddressSpace? member)
    {
        for (var node = _waiting.First; node is not null;)
        {
            var (turn, next) = (node.Value, node.Next);
            if (turn.Wanted == member)
            {
                _waiting.Remove(node);
                Admit(turn, member!);
                turn.Wake();
            }
            node = next;
        }
        if (_waiting.Count > 0)
            SetTimer();
    }

    private void SetTimer()
    {
        if (_isTimed)
            return;
        _isTimed = true;
        _timer ??= _createTimer(static family => ((Family)family!).EndSlice(), this);
        _timer.Change(s_slice, Timeout.InfiniteTimeSpan);
    }

    private void EndSlice()
    {
        lock (Lock)
        {
            _isTimed = false;
            if (_waiting.Count == 0)
                return;
            SetTimer();
            if (_alone is not null)
                return;
            _isOver = true;
            foreach (var turn in _present)
                turn.AskToLeave();
        }
    }
}
