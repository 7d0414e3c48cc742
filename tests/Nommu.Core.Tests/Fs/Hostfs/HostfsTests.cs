using System.Diagnostics;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Hostfs;
using Nommu.Core.Memory;

namespace Nommu.Core.Tests.Fs.Hostfs;

/// <summary>A directory of the host as a file system: what is in it, and nothing else.</summary>
public sealed class HostfsTests : IDisposable
{
    private readonly string _outside = Directory.CreateTempSubdirectory("nommu-hostfs").FullName;
    private readonly string _directory;
    private readonly TestFiles _files;

    public HostfsTests()
    {
        _directory = Path.Combine(_outside, "given");
        Directory.CreateDirectory(Path.Combine(_directory, "d/e"));
        File.WriteAllText(Path.Combine(_outside, "secret"), "secret");
        File.WriteAllText(Path.Combine(_directory, "f"), "content");
        File.SetUnixFileMode(Path.Combine(_directory, "f"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.WriteAllText(Path.Combine(_directory, "d/e/g"), "deep");
        File.CreateSymbolicLink(Path.Combine(_directory, "to-g"), "/mnt/d/e/g");
        File.CreateSymbolicLink(Path.Combine(_directory, "d/out"), "../../secret");
        File.CreateSymbolicLink(Path.Combine(_directory, "absolute"), Path.Combine(_outside, "secret"));
        _files = new TestFiles(types: new HostfsType(_directory));
        Assert.That(_files.MakeDirectory("/mnt"), Is.EqualTo(Errno.None));
        Assert.That(_files.Mount("hostfs", "/mnt"), Is.EqualTo(Errno.None));
    }

    public void Dispose()
    {
        _files.Dispose();
        Directory.Delete(_outside, recursive: true);
    }

    private Stat Stat(string path) => StatReading.Read(_files.Resolve(path, follow: false).Value);

    [Test]
    public void WhatIsThereIsSeenAsItIs()
    {
        Assert.That(_files.List("/mnt"), Is.EquivalentTo(new[] { "f", "d", "to-g", "absolute" }));
        Assert.That(_files.Read("/mnt/f"), Is.EqualTo("content"));
        Assert.That(_files.Read("/mnt/to-g"), Is.EqualTo("deep"));
        var status = Stat("/mnt/f");
        Assert.That(status.Mode, Is.EqualTo(Convert.ToUInt32("100640", 8)));
        Assert.That(status.Size, Is.EqualTo(7));
        Assert.That(status.ModifyTime, Is.EqualTo(Timespec.FromDateTime(File.GetLastWriteTimeUtc(Path.Combine(_directory, "f")))).Using<Timespec>((a, b) => a.Seconds.CompareTo(b.Seconds)));
        Assert.That(Stat("/mnt/d").Nlink, Is.EqualTo(3));
        Assert.That(Stat("/mnt/to-g").Mode & 0xF000, Is.EqualTo(0xA000));
        Assert.That(_files.Resolve("/mnt/f").Value.Inode, Is.SameAs(_files.Resolve("/mnt/f").Value.Inode));
    }

    [Test]
    public void NothingIsWritten()
    {
        Assert.That(_files.Open("/mnt/f", OpenFlags.O_RDWR).Error, Is.EqualTo(Errno.EROFS));
        Assert.That(_files.Write("/mnt/new", "x"), Is.EqualTo(Errno.EROFS));
        Assert.That(_files.Unlink("/mnt/f"), Is.EqualTo(Errno.EROFS));
        Assert.That(_files.MakeDirectory("/mnt/x"), Is.EqualTo(Errno.EROFS));
        Assert.That(_files.Rename("/mnt/f", "/mnt/g"), Is.EqualTo(Errno.EROFS));
        Assert.That(_files.ChangeMode("/mnt/f", 0), Is.EqualTo(Errno.EROFS));
        Assert.That(_files.Truncate("/mnt/f", 0), Is.EqualTo(Errno.EROFS));
        var remounted = MountOperations.Perform(_files.Caller, _files.Resolve("/mnt").Value, "none"u8, "hostfs", MountFlags.MS_REMOUNT, default);
        Assert.That(remounted, Is.EqualTo(Errno.EROFS));
        Assert.That(File.ReadAllText(Path.Combine(_directory, "f")), Is.EqualTo("content"));
    }

    [Test]
    public void LinksAreTheGuestsBusiness()
    {
        // As the guest reads them they lead into its own tree, where there is nothing.
        Assert.That(_files.Open("/mnt/d/out").Error, Is.EqualTo(Errno.ENOENT));
        Assert.That(_files.Open("/mnt/absolute").Error, Is.EqualTo(Errno.ENOENT));
        Assert.That(_files.Write("/secret", "the guest's"), Is.EqualTo(Errno.None));
        Assert.That(_files.Read("/mnt/d/out"), Is.EqualTo("the guest's"));
    }

    [Test]
    public void ADirectoryThatBecomesALinkLeadsNowhere()
    {
        var directory = _files.Resolve("/mnt/d/e").Value;
        var file = (RegularInode)_files.Resolve("/mnt/d/e/g").Value.Inode;
        Directory.Move(Path.Combine(_directory, "d"), Path.Combine(_directory, "was-d"));
        Directory.CreateDirectory(Path.Combine(_outside, "e"));
        File.WriteAllText(Path.Combine(_outside, "e/g"), "secret");
        Directory.CreateSymbolicLink(Path.Combine(_directory, "d"), _outside);
        Assert.That(file.Open(new OpenRequest(new FsPath(directory.Mount, directory.Dentry), OpenFlags.O_RDONLY)).Error, Is.EqualTo(Errno.ELOOP).Or.EqualTo(Errno.ESTALE));
        lock (((DirectoryInode)directory.Inode).NamesLock)
            Assert.That(((DirectoryInode)directory.Inode).Lookup("g").IsOk, Is.False);
        Assert.That(_files.Read("/mnt/was-d/e/g"), Is.EqualTo("deep"));
        Assert.That(file.Open(new OpenRequest(new FsPath(directory.Mount, directory.Dentry), OpenFlags.O_RDONLY)).IsOk, "found again, it is known where it is");
    }

    [Test]
    public void WhatTheHostChangesIsSeen()
    {
        Assert.That(_files.Read("/mnt/f"), Is.EqualTo("content"));
        var inode = _files.Resolve("/mnt/f").Value.Inode;
        File.WriteAllText(Path.Combine(_directory, "f.new"), "another content");
        File.Move(Path.Combine(_directory, "f.new"), Path.Combine(_directory, "f"), overwrite: true);
        inode.Refresh();
        Assert.That(inode.Size, Is.EqualTo(15), "an inode that is kept is the file that has its name");
        Assert.That(_files.Read("/mnt/f"), Is.EqualTo("another content"));
        File.Delete(Path.Combine(_directory, "f"));
        Assert.That(_files.Open("/mnt/f").Error, Is.EqualTo(Errno.ENOENT));
    }

    [Test]
    public void SpecialFilesStayClosed()
    {
        using (var made = Process.Start("mkfifo", Path.Combine(_directory, "p")))
            made.WaitForExit();
        Assert.That(Stat("/mnt/p").Mode & 0xF000, Is.EqualTo(0x1000));
        Assert.That(_files.Open("/mnt/p", OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK).Error, Is.EqualTo(Errno.ENXIO));
    }

    [Test]
    public void WhatTheHostMakesUpIsEmpty()
    {
        using var files = new TestFiles(types: new HostfsType("/"));
        Assert.That(files.MakeDirectory("/mnt"), Is.EqualTo(Errno.None));
        Assert.That(files.Mount("hostfs", "/mnt"), Is.EqualTo(Errno.None));
        Assert.That(files.Resolve("/mnt/proc").IsOk);
        Assert.That(files.List("/mnt/proc"), Is.Empty);
        Assert.That(files.Resolve("/mnt/proc/self").Error, Is.EqualTo(Errno.ENOENT));
        Assert.That(files.List("/mnt"), Does.Contain("etc"));
        Assert.That(files.Resolve("/mnt/..").Value, Is.EqualTo(files.Resolve("/").Value));
    }

    [Test]
    public void GuestsRightsAreJudgedByTheGuestsKernel()
    {
        File.SetUnixFileMode(Path.Combine(_directory, "f"), UnixFileMode.None);
        File.SetUnixFileMode(Path.Combine(_directory, "d"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _files.Caller = TestFiles.As(_files.Caller, 12345);
        Assert.That(_files.Open("/mnt/f").Error, Is.EqualTo(Errno.EACCES));
        Assert.That(_files.Resolve("/mnt/d/e").Error, Is.EqualTo(Errno.EACCES));
        File.SetUnixFileMode(Path.Combine(_directory, "d"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        Assert.That(_files.Resolve("/mnt/d/e").IsOk);
    }

    [Test]
    public void ADirectoryIsListedOnceWhileItChanges()
    {
        for (var i = 0; i < 200; i++)
            File.WriteAllText(Path.Combine(_directory, $"d/e/{i}"), "");
        var directory = (DirectoryInode)_files.Resolve("/mnt/d/e").Value.Inode;
        var seen = new List<string>();
        long cookie = 0;
        lock (directory.NamesLock)
        {
            while (directory.NextEntry(cookie).TryGet(out var entry))
            {
                seen.Add(entry.Name.ToString());
                cookie = entry.Cookie;
                if (seen.Count != 100)
                    continue;
                File.Delete(Path.Combine(_directory, "d/e", seen[0]));
                File.WriteAllText(Path.Combine(_directory, "d/e/more"), "");
                Assert.That(directory.NextEntry(0).IsOk, "somebody else begins anew");
            }
        }
        Assert.That(seen, Is.Unique);
        Assert.That(seen, Has.Count.EqualTo(202), "with g, and with the new one");
    }

    [Test]
    public void LargeFilesAreReadWhole()
    {
        var bytes = new byte[1_000_000];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(Path.Combine(_directory, "large"), bytes);
        var file = _files.Open("/mnt/large").Value;
        var buffer = new byte[bytes.Length + 100];
        var to = new IoVector(buffer.AsSpan());
        Assert.That(file.Read(ref to).Value, Is.EqualTo(bytes.Length));
        Assert.That(buffer.AsSpan(0, bytes.Length).SequenceEqual(bytes));
        Assert.That(file.Seek(0, SeekWhence.SEEK_END).Value, Is.EqualTo(bytes.Length));
        file.Release();
    }

    [Test]
    public void SizesOfTheFileSystemAreTheHosts()
    {
        var status = StatReading.ReadFileSystem(_files.Resolve("/mnt").Value).Value;
        Assert.That(status.Type, Is.EqualTo(0x00c0ffee));
        Assert.That(status.Blocks, Is.Positive);
        Assert.That(status.Flags & 1, Is.EqualTo(1), "read-only");
    }
}
