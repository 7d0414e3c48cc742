using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: procfs (proc(5)). One instance for a kernel, however often it is mounted, as there is one pid namespace.</summary>
/// <param name="machine">The kernel it tells of; asked at the first mount, so that the type may be made before the kernel is.</param>
internal sealed class ProcfsType(Func<Machine> machine) : IFileSystemType
{
    private readonly Lock _lock = new();
    private ProcfsSuperBlock? _instance;

    internal ProcfsType(Machine machine) : this(() => machine)
    {
    }

    /// <inheritdoc/>
    public string Name => "proc";

    /// <inheritdoc/>
    public long Magic => (long)StatfsMagic.PROC_SUPER_MAGIC;

    /// <inheritdoc/>
    public Result<SuperBlock> Mount(in MountRequest request)
    {
        // Nobody can be hidden from here, so of hidepid= only what says so is understood.
        if (!request.Options.IsEmpty && !request.Options.SequenceEqual("hidepid=0"u8) && !request.Options.SequenceEqual("hidepid=off"u8))
            return Errno.EINVAL;
        lock (_lock)
        {
            if (_instance is null)
            {
                _instance = new ProcfsSuperBlock(this, request, machine());
                _instance.Retain();
            }
            return _instance;
        }
    }
}
