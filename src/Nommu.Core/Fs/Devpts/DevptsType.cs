using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Devpts;

/// <summary>Linux: devpts (Documentation/filesystems/devpts.rst). Differs: there is one instance, whatever number of mounts and however "newinstance" is said.</summary>
internal sealed class DevptsType : IFileSystemType
{
    /// <summary>Linux: NR_UNIX98_PTY_DEFAULT, /proc/sys/kernel/pty/max.</summary>
    private const int Maximum = 4096;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, DevptsNode> _nodes = [];
    private readonly SortedSet<int> _taken = [];
    private DevptsSuperBlock? _instance;

    /// <inheritdoc/>
    public string Name => "devpts";

    /// <inheritdoc/>
    public long Magic => 0x1cd1;

    /// <inheritdoc/>
    public Result<SuperBlock> Mount(in MountRequest request)
    {
        lock (_lock)
        {
            if (!DevptsOptions.Parse(request.Options, _instance?.Settings ?? DevptsOptions.Default).TryGet(out var options))
                return Errno.EINVAL;
            if (_instance is null)
            {
                _instance = new DevptsSuperBlock(this, request, options);
                // Unmounted, it lives on: the terminals do.
                _instance.Retain();
                foreach (var (index, node) in _nodes)
                    _instance.Root.Add(index, node);
            }
            _instance.Settings = options;
            return _instance;
        }
    }

    /// <summary>Linux: <c>devpts_new_index</c>: the lowest number that no pair has.</summary>
    /// <returns>ENOSPC where there are too many.</returns>
    internal Result<int> Allocate()
    {
        lock (_lock)
        {
            var index = 0;
            foreach (var taken in _taken)
            {
                if (taken != index)
                    break;
                index++;
            }
            if (index >= Maximum)
                return Errno.ENOSPC;
            _taken.Add(index);
            return index;
        }
    }

    /// <summary>Linux: <c>devpts_kill_index</c>.</summary>
    internal void Free(int index)
    {
        lock (_lock)
            _taken.Remove(index);
    }

    /// <summary>Linux: <c>devpts_pty_new</c>.</summary>
    internal void AddNode(int index, uint uid, uint gid, DeviceNumber number)
    {
        lock (_lock)
        {
            var node = new DevptsNode(uid, gid, number);
            _nodes[index] = node;
            _instance?.Root.Add(index, node);
        }
    }

    /// <summary>Linux: <c>devpts_pty_kill</c>.</summary>
    internal void RemoveNode(int index)
    {
        lock (_lock)
        {
            _nodes.Remove(index);
            _instance?.Root.Remove(index);
        }
    }
}

/// <summary>What a node shows.</summary>
/// <param name="Uid">Who opened the master.</param>
/// <param name="Gid">Its group, where the mount names none.</param>
/// <param name="Number">The slave.</param>
internal readonly record struct DevptsNode(uint Uid, uint Gid, DeviceNumber Number);
