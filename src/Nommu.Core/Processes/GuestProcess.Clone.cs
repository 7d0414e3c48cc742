using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>What a child has from its maker.</summary>
public sealed partial class GuestProcess
{
    /// <summary>Linux: <c>copy_signal</c> and <c>copy_sighand</c>.</summary>
    internal void InheritFrom(GuestProcess maker, in CloneRequest request)
    {
        Handlers = request.Has(CloneFlags.CLONE_SIGHAND) ? maker.Handlers : request.Has(CloneFlags.CLONE_CLEAR_SIGHAND) ? maker.Handlers.ForExec() : maker.Handlers.Clone();
        Limits = maker.Limits.Clone();
    }
}
