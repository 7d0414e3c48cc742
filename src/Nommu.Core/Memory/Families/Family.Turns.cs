namespace Nommu.Core.Memory.Families;

/// <summary>Whose turn it is. The threads of one member run at a time, as many as it has; while others wait, for a slice of time.</summary>
/// <remarks>
/// Who has just been forked or woken comes before who has used up a slice, and the last before the first: so a tree of processes is gone through in depth, and most of them have gone when the next is forked.
/// That nobody waits for ever one turn in four is of the longest slice's end, and one in eight of who has waited longest after being woken.
/// </remarks>
internal sealed partial class Family
{
    /// <summary>Long beside a switch (some ten microseconds), short for a person.</summary>
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(3);

    private readonly List<FamilyTurn> _present = [];
    private readonly LinkedList<FamilyTurn> _woken = [];
    private readonly LinkedList<FamilyTurn> _interrupted = [];
    private uint _turns;
    private AddressSpace? _current;
    private FamilyTurn? _alone;
    private bool _isOver;
    private ITimer? _timer;
    private bool _isTimed;

    /// <summary>Has a thread wait for its member's turn, or run at once, with its pages in place.</summary>
    internal void Take(FamilyTurn turn, AddressSpace member)
    {
        lock (Lock)
        {
            if (_alone is null && (_present.Count == 0 ? !HasWaiting : _current == member && !_isOver))
                Admit(turn, member);
            else
                Await(turn, member, turn.WasInterrupted ? _interrupted : _woken);
        }
    }

    /// <summary>Has the only thread of a child wait, whose host thread nobody has woken yet.</summary>
    internal void TakeNext(FamilyTurn turn, AddressSpace child)
    {
        lock (Lock)
        {
            if (!turn.IsWaiting) // it may have woken for nothing
                Await(turn, child, _woken);
        }
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
            turn.Take(member);
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

    private void Await(FamilyTurn turn, AddressSpace member, LinkedList<FamilyTurn> queue)
    {
        turn.Wanted = member;
        turn.IsWaiting = true;
        queue.AddFirst(turn);
        SetTimer();
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

    private bool HasWaiting => _woken.Count + _interrupted.Count > 0;

    private void Next()
    {
        if (!HasWaiting)
            return;
        _turns++;
        var next = _interrupted.Count > 0 && (_woken.Count == 0 || _turns % 4 == 0) ? _interrupted.Last : _turns % 8 == 2 ? _woken.Last : _woken.First;
        AdmitAll(next!.Value.Wanted);
    }

    /// <summary>All threads of a member that wait.</summary>
    private void AdmitAll(AddressSpace? member)
    {
        AdmitAll(member, _woken);
        AdmitAll(member, _interrupted);
        if (HasWaiting)
            SetTimer();
    }

    private void AdmitAll(AddressSpace? member, LinkedList<FamilyTurn> queue)
    {
        for (var node = queue.First; node is not null;)
        {
            var (turn, next) = (node.Value, node.Next);
            if (turn.Wanted == member)
            {
                queue.Remove(node);
                Admit(turn, member!);
                turn.Wake();
            }
            node = next;
        }
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
            if (!HasWaiting)
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
