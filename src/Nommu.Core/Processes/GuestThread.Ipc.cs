using Nommu.Core.Abi;
using Nommu.Core.Ipc;

namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    private SemaphoreUndo? _semaphoreUndo;

    /// <summary>Linux: <c>sysvsem</c>: what is undone when it ends; made when somebody asks.</summary>
    internal SemaphoreUndo SemaphoreUndo => _semaphoreUndo ??= new();

    /// <summary>Linux: <c>copy_semundo</c>.</summary>
    private void InheritSemaphores(GuestThread maker, in CloneRequest request)
    {
        if (request.Has(CloneFlags.CLONE_SYSVSEM))
            _semaphoreUndo = maker.SemaphoreUndo.Share();
    }

    /// <summary>The thread ends.</summary>
    private void ReleaseSemaphores()
    {
        if (_semaphoreUndo is not { } undo)
            return;
        _semaphoreUndo = null;
        Ipc.Semaphores.Undo(this, undo);
    }
}
