using System.Globalization;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Sysfs;

/// <summary>Linux: the kobjects. A device is a directory in /sys/devices/virtual/CLASS; /sys/class/CLASS and /sys/dev/char link to it.</summary>
internal sealed class SysfsTree
{
    private readonly SuperBlock _superBlock;
    private readonly SysfsDirectory _class, _virtual, _byNumber;
    private ulong _lastIno;

    internal SysfsTree(SuperBlock superBlock)
    {
        _superBlock = superBlock;
        Root = NewDirectory();
        foreach (var name in (ReadOnlySpan<string>)["block", "bus", "fs", "kernel", "module", "power"])
            Make(Root, name);
        _class = Make(Root, "class");
        _virtual = Make(Make(Root, "devices"), "virtual");
        var numbers = Make(Root, "dev");
        Make(numbers, "block");
        _byNumber = Make(numbers, "char");
    }

    internal SysfsDirectory Root { get; }

    internal void Add(Device device)
    {
        if (device.Name is null)
            return;
        var (kind, name) = (ClassOf(device), NameOf(device));
        var place = Make(Make(_virtual, kind), name);
        var number = NumberOf(device);
        place.Put("dev", new SysfsFile(_superBlock, ++_lastIno, $"{number}\n"));
        place.Put("uevent", new SysfsFile(_superBlock, ++_lastIno, $"MAJOR={device.Number.Major}\nMINOR={device.Number.Minor}\nDEVNAME={device.Name}\n"));
        // Linux lists its consoles here, the one behind /dev/console last: ours is the line of the console driver.
        if (device.Name == "console")
            place.Put("active", new SysfsFile(_superBlock, ++_lastIno, "ttyS0\n"));
        place.Put("subsystem", Link($"../../../../class/{kind}"));
        Make(_class, kind).Put(name, Link($"../../devices/virtual/{kind}/{name}"));
        _byNumber.Put(number, Link($"../../devices/virtual/{kind}/{name}"));
    }

    internal void Remove(Device device)
    {
        if (device.Name is null)
            return;
        var (kind, name) = (ClassOf(device), NameOf(device));
        Make(_class, kind).Take(name);
        Make(_virtual, kind).Take(name);
        _byNumber.Take(NumberOf(device));
    }

    /// <summary>Linux: a driver's class, by its major number; any other driver's is called as its devices, without their numbers.</summary>
    private static string ClassOf(Device device) => device.Number.Major switch
    {
        1 => "mem",
        4 or 5 => "tty",
        10 => "misc",
        _ => device.Name!.Split('/')[0].TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9') is { Length: > 0 } name ? name : "misc",
    };

    /// <summary>A slash in a device's name shows as an exclamation mark.</summary>
    private static string NameOf(Device device) => device.Name!.Replace('/', '!');

    private static string NumberOf(Device device) => string.Create(CultureInfo.InvariantCulture, $"{device.Number.Major}:{device.Number.Minor}");

    private PseudoSymlink Link(string target) => new(_superBlock, ++_lastIno, target);

    private SysfsDirectory NewDirectory() => new(_superBlock, ++_lastIno);

    private SysfsDirectory Make(SysfsDirectory parent, string name)
    {
        if (parent.Find(name) is SysfsDirectory known)
            return known;
        var made = NewDirectory();
        parent.Put(name, made);
        return made;
    }
}

/// <summary>Linux: a directory of kernfs. Entries come and go with devices.</summary>
internal sealed class SysfsDirectory(SuperBlock superBlock, ulong ino) : DirectoryInode(superBlock, ino, (InodeMode)0x1ED, 0, 0)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, (FileName Name, Inode Inode)> _entries = [];
    private long _lastCookie;

    internal Inode? Find(FileName name)
    {
        lock (_lock)
        {
            foreach (var (_, entry) in _entries)
            {
                if (entry.Name == name)
                    return entry.Inode;
            }
            return null;
        }
    }

    internal void Put(FileName name, Inode inode)
    {
        lock (_lock)
            _entries.Add(++_lastCookie, (name, inode));
    }

    internal void Take(FileName name)
    {
        lock (_lock)
        {
            foreach (var (cookie, entry) in _entries)
            {
                if (entry.Name != name)
                    continue;
                _entries.Remove(cookie);
                return;
            }
        }
    }

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name) => Find(name) is { } inode ? inode : Errno.ENOENT;

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        lock (_lock)
        {
            foreach (var (at, entry) in _entries)
            {
                if (at > cookie)
                    return new DirectoryEntry(entry.Name, entry.Inode.Ino, entry.Inode.Type, at);
            }
            return Errno.ENOENT;
        }
    }

    /// <inheritdoc/>
    public override Result<Inode> Create(FileName name, in CreateRequest request) => Errno.EACCES;
}

/// <summary>Linux: an attribute of a kobject that never changes.</summary>
internal sealed class SysfsFile(SuperBlock superBlock, ulong ino, string text) : SeqInode(superBlock, ino, (InodeMode)0x124)
{
    /// <inheritdoc/>
    public override long Size => 4096;

    /// <inheritdoc/>
    internal override Errno Show(SeqText to, GuestThread? opener)
    {
        to.Add($"{text}");
        return Errno.None;
    }
}
