namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    /// <summary>What prctl(2) and its kin have set.</summary>
    internal TaskAttributes Attributes { get; private set; } = new();

    /// <summary>Linux: <c>commit_creds</c>: other rights than before leave memory that its user may not look into, and end what the parent's death would have told.</summary>
    internal void ChangeCredentials(Credentials changed)
    {
        var old = Credentials;
        lock (Process.Tasks.Lock)
        {
            if (changed.IsOtherUserThan(old))
            {
                Process.IsDumpable = false;
                Attributes.ParentDeathSignal = 0;
            }
            Credentials = changed;
        }
    }

    /// <summary>For clone(2).</summary>
    internal void InheritAttributes(GuestThread maker) => Attributes = maker.Attributes.ForChild();
}
