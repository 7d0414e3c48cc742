using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>nsproxy</c>. A thread begins in its maker's namespaces; that of mounts is its <see cref="Fs"/>'s.</summary>
internal sealed partial class GuestThread
{
    private NamespaceSet? _namespaces;

    internal UtsNamespace Uts => _namespaces?.Uts ?? Machine.Uts;

    internal Ipc.SystemVIpc Ipc => _namespaces?.Ipc ?? Machine.Ipc;

    /// <summary>unshare(2): new ones for those that flags name.</summary>
    internal void Unshare(CloneFlags flags)
    {
        if ((flags & (CloneFlags.CLONE_NEWIPC | CloneFlags.CLONE_SYSVSEM)) != 0)
            ReleaseSemaphores();
        if ((flags & CloneFlags.CLONE_NEWNS) != 0)
            LeaveFs(Fs.CloneWithMounts());
        else if ((flags & CloneFlags.CLONE_FS) != 0 && Fs.IsShared)
            LeaveFs(Fs.Clone());
        if ((flags & CloneFlags.CLONE_FILES) != 0 && Files.IsShared)
        {
            var old = Files;
            Files = old.Clone();
            old.Release();
        }
        if ((flags & (CloneFlags.CLONE_NEWUTS | CloneFlags.CLONE_NEWIPC)) != 0)
            Enter((_namespaces ?? First).With(flags, Machine));
    }

    /// <summary>setns(2), with a use of the namespace that is taken over.</summary>
    internal void Enter(Namespace other)
    {
        if (other is Fs.MountNamespace mounts)
        {
            Fs.Enter(mounts);
            return;
        }
        if (other is Ipc.SystemVIpc)
            ReleaseSemaphores();
        Enter((_namespaces ?? First).Retain().With(other));
    }

    /// <summary>For a new thread, before anybody knows it.</summary>
    private void InheritNamespaces(GuestThread maker, in CloneRequest request)
    {
        var flags = request.Flags & (CloneFlags.CLONE_NEWUTS | CloneFlags.CLONE_NEWIPC);
        _namespaces = flags != 0 ? (maker._namespaces ?? First).With(flags, maker.Machine) : maker._namespaces?.Retain();
    }

    private NamespaceSet First => new(Machine.Uts, Machine.Ipc);

    private void Enter(NamespaceSet set)
    {
        var old = _namespaces;
        _namespaces = set;
        old?.Release();
    }

    private void LeaveFs(Fs.FsContext own)
    {
        var old = Fs;
        Fs = own;
        old.Release();
    }

    private void ReleaseNamespaces()
    {
        var old = Interlocked.Exchange(ref _namespaces, null);
        old?.Release();
    }
}
