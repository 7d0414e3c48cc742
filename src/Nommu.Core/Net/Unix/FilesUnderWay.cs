using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Unix;

/// <summary>
/// Linux: net/unix/garbage.c with the counts of scm.c. Open files that were sent and not yet received. A socket may be sent over itself or in a ring, and then nobody can ever receive it: such sockets are found when
/// a descriptor of one is closed, and emptied.
/// </summary>
/// <remarks>Collecting is the outermost lock, before the family's and the sockets'; the counts' lock is a leaf, since a receiver takes files out with its own lock held.</remarks>
internal sealed class FilesUnderWay
{
    private readonly Lock _collecting = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<SocketFile, int> _sockets = [];
    private readonly Dictionary<uint, int> _countByUser = [];
    private int _socketCount;

    /// <summary>Puts files into a message that is to be sent.</summary>
    /// <returns>ETOOMANYREFS where a user has more under way than a process may have open.</returns>
    internal Errno Add(UnixMessage message, FileDescription[]? files, GuestThread thread)
    {
        if (files is null)
            return Errno.None;
        lock (_lock)
        {
            var user = thread.Credentials.Uid;
            var count = _countByUser.GetValueOrDefault(user);
            if (count > thread.Files.Limit && !thread.Credentials.Has(Capability.CAP_SYS_RESOURCE) && !thread.Credentials.Has(Capability.CAP_SYS_ADMIN))
                return Errno.ETOOMANYREFS;
            _countByUser[user] = count + files.Length;
            foreach (var file in files)
            {
                if (file is SocketFile { Socket: UnixSocket } socket)
                    _sockets[socket] = _sockets.GetValueOrDefault(socket) + 1;
            }
            _socketCount = _sockets.Count;
            message.Carry(files, user);
        }
        return Errno.None;
    }

    /// <summary>Takes the files out of a message, with their references.</summary>
    internal FileDescription[]? Take(UnixMessage message)
    {
        if (message.TakeFiles() is not { } files)
            return null;
        lock (_lock)
        {
            var left = _countByUser[message.FilesOwner] - files.Length;
            if (left == 0)
                _countByUser.Remove(message.FilesOwner);
            else
                _countByUser[message.FilesOwner] = left;
            foreach (var file in files)
            {
                if (file is SocketFile socket && _sockets.TryGetValue(socket, out var count))
                {
                    if (count == 1)
                        _sockets.Remove(socket);
                    else
                        _sockets[socket] = count - 1;
                }
            }
            _socketCount = _sockets.Count;
        }
        return files;
    }

    /// <summary>A socket's file has lost a reference: perhaps the last that was not a message's.</summary>
    internal void Left(SocketFile file)
    {
        if (Volatile.Read(ref _socketCount) == 0)
            return;
        lock (_lock)
        {
            if (!_sockets.TryGetValue(file, out var count) || file.References > count)
                return;
        }
        Collect();
    }

    /// <summary>Empties the sockets that nobody but each other's queues refers to.</summary>
    internal void Collect()
    {
        // Closing what is found comes here again, and finds the lock held by itself.
        if (_collecting.IsHeldByCurrentThread)
            return;
        if (Volatile.Read(ref _socketCount) == 0)
            return;
        lock (_collecting)
        {
            foreach (var socket in Unreachable())
                ((UnixSocket)socket.Socket).Purge();
        }
    }

    private List<SocketFile> Unreachable()
    {
        Dictionary<SocketFile, int> outside;
        lock (_lock)
        {
            // Held by nothing but messages; what more there is of references comes from outside.
            outside = new(_sockets.Where(entry => entry.Key.References == entry.Value));
        }
        var holds = new Dictionary<SocketFile, List<FileDescription>>();
        foreach (var candidate in outside.Keys)
        {
            var files = new List<FileDescription>();
            ((UnixSocket)candidate.Socket).CollectFilesUnderWay(files);
            holds[candidate] = files;
        }
        foreach (var file in holds.Values.SelectMany(files => files).OfType<SocketFile>())
        {
            if (outside.TryGetValue(file, out var count))
                outside[file] = count - 1;
        }
        var reached = new Queue<SocketFile>(outside.Where(entry => entry.Value > 0).Select(entry => entry.Key));
        foreach (var socket in reached)
            outside.Remove(socket);
        while (reached.TryDequeue(out var socket))
        {
            foreach (var held in holds[socket].OfType<SocketFile>())
            {
                if (outside.Remove(held))
                    reached.Enqueue(held);
            }
        }
        return [.. outside.Keys];
    }
}
