using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: a parameter of a namespace (<c>set_is_seen</c>): who opens the file sees those of its own.</summary>
/// <param name="fileSystem">Where.</param>
/// <param name="ino">Its number.</param>
/// <param name="find">Finds the opener's namespace; the host's is the first.</param>
/// <param name="show">Reads it.</param>
/// <param name="store">Sets it.</param>
internal sealed class NamespaceSysctlFile<T>(ProcfsSuperBlock fileSystem, ulong ino, Func<Machine, GuestThread?, T> find, Action<T, SeqText> show, NamespaceStore<T> store)
    : SysctlFile(fileSystem, ino, static (_, _) => { }, static (_, _) => Errno.EINVAL) where T : Namespace
{
    /// <inheritdoc/>
    internal override Errno Show(SeqText text, GuestThread? opener)
    {
        show(find(Machine, opener), text);
        return Errno.None;
    }

    /// <inheritdoc/>
    internal override Errno Store(ReadOnlySpan<byte> text, long position, GuestThread? opener) =>
        position != 0 ? Errno.None : store(find(Machine, opener), text);
}

/// <summary>Sets one parameter of a namespace.</summary>
internal delegate Errno NamespaceStore<T>(T space, ReadOnlySpan<byte> text);
