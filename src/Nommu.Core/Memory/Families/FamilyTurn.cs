using Nommu.Core.Host;

namespace Nommu.Core.Memory.Families;

/// <summary>A host thread's turn to run in a family, as far as the guest thread on it has one.</summary>
/// <param name="park">Where the host thread waits, for its turn as for work.</param>
/// <param name="kick">Makes the host thread leave the guest soon.</param>
internal sealed class FamilyTurn(HostThreadPark park, Action kick)
{
    private Family? _family;
    private AddressSpace? _member;
    private volatile bool _mustLeave;
    private volatile bool _isWaiting;

    /// <summary>Whose turn it waits for. Guarded by the family's lock.</summary>
    internal AddressSpace? Wanted { get; set; }

    /// <summary>It had its turn until the slice of time was over, and has not slept. Guarded likewise.</summary>
    internal bool WasInterrupted { get; private set; }

    /// <summary>It waits, and does not touch the guest's memory.</summary>
    internal bool IsWaiting
    {
        get => _isWaiting;
        set => _isWaiting = value;
    }

    /// <summary>Whether somebody with this memory may go on at once. On its own thread.</summary>
    internal bool IsFor(AddressSpace space) => space.Family is null ? _family is null : _member == space && !_mustLeave;

    /// <summary>Waits until it is this memory's turn; for memory that no relative has, nothing is to be waited for. On its own thread, with no lock held.</summary>
    internal void Take(AddressSpace space)
    {
        GiveUp();
        if (!_isWaiting)
            space.Family?.Take(this, space);
        Wait();
    }

    /// <summary>Lets others have their turn. On its own thread.</summary>
    internal void GiveUp() => _family?.GiveUp(this);

    /// <summary>With the family's lock held.</summary>
    internal void Enter(Family family, AddressSpace member)
    {
        (_family, _member, _mustLeave) = (family, member, false);
        Wanted = null;
        _isWaiting = false;
    }

    /// <summary>With the family's lock held.</summary>
    internal void Leave()
    {
        (_family, _member) = (null, null);
        (WasInterrupted, _mustLeave) = (_mustLeave, false);
    }

    /// <summary>With the family's lock held.</summary>
    internal void AskToLeave()
    {
        _mustLeave = true;
        kick();
    }

    private void Wait()
    {
        while (_isWaiting)
            park.Park(-1);
    }

    internal void Sleep() => park.Park(-1);

    internal void Wake() => park.Unpark();
}
