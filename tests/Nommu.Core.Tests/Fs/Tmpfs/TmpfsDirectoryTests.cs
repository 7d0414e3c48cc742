using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Tests.Fs.Tmpfs;

public class TmpfsDirectoryTests
{
    private readonly TestFiles _files = new();

    [TearDown]
    public void TearDown() => _files.Dispose();

    [Test]
    public void ListingGoesOnBehindItsCookieWhileEntriesComeAndGo()
    {
        for (var i = 0; i < 100; i++)
            _files.Write($"/f{i}", "");
        var directory = (DirectoryInode)_files.Resolve("/").Value.Inode;
        var seen = new List<string>();
        long cookie = 0;
        for (var i = 0; ; i++)
        {
            Result<DirectoryEntry> next;
            lock (directory.NamesLock)
                next = directory.NextEntry(cookie);
            if (!next.TryGet(out var entry))
                break;
            seen.Add(entry.Name.ToString());
            cookie = entry.Cookie;
            _files.Unlink($"/f{i}");
        }
        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 100).Select(i => $"f{i}")));
        Assert.That(_files.List("/"), Is.Empty);
    }

    [Test]
    public void LinkCountsFollowDirectories()
    {
        _files.MakeDirectory("/a");
        _files.MakeDirectory("/b");
        _files.MakeDirectory("/a/x");
        uint Links(string path) => _files.Resolve(path).Value.Inode.NumberOfLinks;
        Assert.That((Links("/"), Links("/a"), Links("/b")), Is.EqualTo((4u, 3u, 2u)));
        Assert.That(_files.Rename("/a/x", "/b/x"), Is.EqualTo(Errno.None));
        Assert.That((Links("/a"), Links("/b")), Is.EqualTo((2u, 3u)));
        Assert.That(_files.RemoveDirectory("/b/x"), Is.EqualTo(Errno.None));
        Assert.That(Links("/b"), Is.EqualTo(2u));
    }

    [Test]
    public void ADirectoryThatIsGoneTakesNothingNew()
    {
        _files.MakeDirectory("/gone");
        _files.Caller.Fs.SetWorkingDirectory(_files.Resolve("/gone").Value);
        Assert.That(_files.RemoveDirectory("/gone"), Is.EqualTo(Errno.None));
        Assert.That(_files.Write("file", ""), Is.EqualTo(Errno.ENOENT));
        Assert.That(_files.MakeDirectory("sub"), Is.EqualTo(Errno.ENOENT));
        Assert.That(_files.Resolve("..").Error, Is.EqualTo(Errno.None));
    }

    [Test]
    public void DeepNestingEndsWithoutRecursion()
    {
        _files.MakeDirectory("/deep");
        Assert.That(_files.Mount("tmpfs", "/deep", options: "nr_inodes=0"), Is.EqualTo(Errno.None));
        var mounted = _files.Resolve("/deep").Value;
        var here = mounted;
        for (var i = 0; i < 50_000; i++)
        {
            Assert.That(NameCreation.MakeDirectory(_files.Caller, here, "d"u8, (InodeMode)0x1ED), Is.EqualTo(Errno.None));
            here = _files.Caller.Resolve(here, "d"u8).Value;
        }
        Assert.That(here.Dentry.IsWithin(mounted.Dentry), Is.True);
        Assert.That(_files.FileSystem.Mounts.Remove(mounted, UmountFlags.None), Is.EqualTo(Errno.None));
    }

    [Test]
    public void ADirectoryIsNotMovedIntoItself()
    {
        _files.MakeDirectory("/a");
        _files.MakeDirectory("/a/b");
        Assert.That(_files.Rename("/a", "/a/b/c"), Is.EqualTo(Errno.EINVAL));
        Assert.That(_files.Rename("/a/b", "/a"), Is.EqualTo(Errno.ENOTEMPTY));
    }

    [Test]
    public void ExchangeSwapsTwoNames()
    {
        _files.MakeDirectory("/d");
        _files.Write("/d/f", "f");
        _files.Write("/g", "g");
        Assert.That(_files.Rename("/d", "/g", RenameFlags.RENAME_EXCHANGE), Is.EqualTo(Errno.None));
        Assert.That((_files.Read("/d"), _files.Read("/g/f")), Is.EqualTo(("g", "f")));
        Assert.That(_files.Rename("/d", "/none", RenameFlags.RENAME_EXCHANGE), Is.EqualTo(Errno.ENOENT));
        Assert.That(_files.Rename("/d", "/g", RenameFlags.RENAME_NOREPLACE), Is.EqualTo(Errno.EEXIST));
    }
}
