namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    /// <summary>What prctl(2) and its kin have set.</summary>
    internal TaskAttributes Attributes { get; private set; } = new();

    /// <summary>For clone(2).</summary>
    internal void InheritAttributes(GuestThread maker) => Attributes = maker.Attributes.ForChild();
}
