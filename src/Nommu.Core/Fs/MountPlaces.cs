using System.Collections.Concurrent;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>mount_hashtable</c> and <c>namespace_sem</c>: which mount is on which place, in all namespaces of a kernel, since a place belongs to a mount and that to a namespace.</summary>
internal sealed class MountPlaces
{
    private int _lastId = 19;

    internal ConcurrentDictionary<FsPath, Mount> Mounts { get; } = new();

    internal Lock Lock { get; } = new();

    /// <summary>A mount's number in mountinfo.</summary>
    internal int NextId() => Interlocked.Increment(ref _lastId);
}
