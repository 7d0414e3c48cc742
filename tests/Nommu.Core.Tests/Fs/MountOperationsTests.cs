using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Tests.Fs;

public sealed class MountOperationsTests : IDisposable
{
    private readonly TestFiles _files = new();

    public MountOperationsTests()
    {
        foreach (var path in new[] { "/a", "/b", "/b/c" })
            Assert.That(_files.MakeDirectory(path), Is.EqualTo(Errno.None));
        Assert.That(Mount("/a", "src", "tmpfs"), Is.EqualTo(Errno.None));
        Assert.That(_files.Write("/a/f", "x"), Is.EqualTo(Errno.None));
    }

    public void Dispose() => _files.Dispose();

    private Errno Mount(string target, string source, string? type, MountFlags flags = MountFlags.None, string options = "") =>
        MountOperations.Perform(_files.Caller, _files.Resolve(target).Value, TestFiles.Bytes(source), type, flags, TestFiles.Bytes(options));

    private Errno Unmount(string target, UmountFlags flags = UmountFlags.None) => MountOperations.Unmount(_files.Caller, _files.Resolve(target).Value, flags);

    private MountFlags FlagsOf(string path) => _files.Resolve(path).Value.Mount.Flags;

    [Test]
    public void WhatCanNotBeMountedSaysWhy()
    {
        Assert.That(Mount("/b", "none", "nofs"), Is.EqualTo(Errno.ENODEV));
        Assert.That(Mount("/b", "none", null), Is.EqualTo(Errno.EINVAL));
        Assert.That(Mount("/b", "none", "tmpfs", options: "nonsense"), Is.EqualTo(Errno.EINVAL));
        Assert.That(Mount("/a/f", "none", "tmpfs"), Is.EqualTo(Errno.ENOTDIR));
        Assert.That(Unmount("/b"), Is.EqualTo(Errno.EINVAL));
    }

    [Test]
    public void ABindIsReadOnlyOnlyWhenRemounted()
    {
        Assert.That(Mount("/b", "/a", null, MountFlags.MS_BIND | MountFlags.MS_RDONLY), Is.EqualTo(Errno.None));
        Assert.That(_files.Write("/b/f", "y"), Is.EqualTo(Errno.None));
        Assert.That(Mount("/b", "", null, MountFlags.MS_BIND | MountFlags.MS_REMOUNT | MountFlags.MS_RDONLY), Is.EqualTo(Errno.None));
        Assert.That(_files.Write("/b/f", "z"), Is.EqualTo(Errno.EROFS));
        Assert.That(_files.Write("/a/f", "z"), Is.EqualTo(Errno.None));
        Assert.That(Unmount("/b"), Is.EqualTo(Errno.None));
    }

    [Test]
    public void ARemountChangesTheFileSystemForAll()
    {
        Assert.That(Mount("/b", "/a", null, MountFlags.MS_BIND), Is.EqualTo(Errno.None));
        Assert.That(Mount("/a", "", null, MountFlags.MS_REMOUNT | MountFlags.MS_RDONLY), Is.EqualTo(Errno.None));
        Assert.That(_files.Write("/b/f", "z"), Is.EqualTo(Errno.EROFS));
        Assert.That(Mount("/a", "", null, MountFlags.MS_REMOUNT), Is.EqualTo(Errno.None));
        Assert.That(_files.Write("/b/f", "z"), Is.EqualTo(Errno.None));
    }

    [Test]
    public void AccessTimesAreRelativeUnlessSaidAndStayOverARemount()
    {
        Assert.That(FlagsOf("/a"), Is.EqualTo(MountFlags.MS_RELATIME));
        Assert.That(Mount("/a", "", null, MountFlags.MS_REMOUNT | MountFlags.MS_NOATIME), Is.EqualTo(Errno.None));
        Assert.That(Mount("/a", "", null, MountFlags.MS_REMOUNT | MountFlags.MS_NOSUID), Is.EqualTo(Errno.None));
        Assert.That(FlagsOf("/a"), Is.EqualTo(MountFlags.MS_NOATIME | MountFlags.MS_NOSUID));
    }

    [Test]
    public void WhatIsUsedIsBusyUnlessDetached()
    {
        var file = _files.Open("/a/f").Value!;
        Assert.That(Unmount("/a"), Is.EqualTo(Errno.EBUSY));
        Assert.That(Unmount("/a", UmountFlags.MNT_EXPIRE | UmountFlags.MNT_DETACH), Is.EqualTo(Errno.EINVAL));
        Assert.That(Unmount("/a", UmountFlags.MNT_DETACH), Is.EqualTo(Errno.None));
        Assert.That(_files.Resolve("/a/f").Error, Is.EqualTo(Errno.ENOENT));
        file.Release();
    }

    [Test]
    public void MarkedFirstAndExpiredThen()
    {
        Assert.That(Unmount("/a", UmountFlags.MNT_EXPIRE), Is.EqualTo(Errno.EAGAIN));
        Assert.That(Unmount("/a", UmountFlags.MNT_EXPIRE), Is.EqualTo(Errno.None));
    }

    [Test]
    public void MountsMoveAndStayPrivate()
    {
        Assert.That(Mount("/b/c", "/a", null, MountFlags.MS_MOVE), Is.EqualTo(Errno.None));
        Assert.That(_files.Read("/b/c/f"), Is.EqualTo("x"));
        Assert.That(Mount("/", "", null, MountFlags.MS_PRIVATE | MountFlags.MS_REC), Is.EqualTo(Errno.None));
        Assert.That(Mount("/", "", null, MountFlags.MS_SHARED), Is.EqualTo(Errno.EINVAL));
        Assert.That(Mount("/b/c", "", null, MountFlags.MS_UNBINDABLE), Is.EqualTo(Errno.None));
        Assert.That(Mount("/a", "/b/c", null, MountFlags.MS_BIND), Is.EqualTo(Errno.EINVAL));
    }

    [Test]
    public void UnmountingTheRootMakesItReadOnly()
    {
        Assert.That(Unmount("/"), Is.EqualTo(Errno.None));
        Assert.That(_files.Write("/new", "x"), Is.EqualTo(Errno.EROFS));
    }

    [Test]
    public void PivotingMovesWhoStoodAtTheRoot()
    {
        Assert.That(_files.MakeDirectory("/a/new"), Is.EqualTo(Errno.None));
        Assert.That(Mount("/a/new", "inner", "tmpfs"), Is.EqualTo(Errno.None));
        Assert.That(_files.MakeDirectory("/a/new/old"), Is.EqualTo(Errno.None));
        Assert.That(MountOperations.Pivot(_files.Caller, _files.Resolve("/a/new").Value, _files.Resolve("/a/new/old").Value), Is.EqualTo(Errno.EINVAL));
        Assert.That(_files.Caller.Fs.SetRoot(_files.Resolve("/a").Value), Is.EqualTo(Errno.None));
        Assert.That(_files.Caller.Fs.SetWorkingDirectory(_files.Caller.Fs.Root), Is.EqualTo(Errno.None));
        var other = _files.Caller.Fs.Clone();
        Assert.That(MountOperations.Pivot(_files.Caller, _files.Resolve("/new").Value, _files.Resolve("/new/old").Value), Is.EqualTo(Errno.None));
        Assert.That(_files.Read("/old/f"), Is.EqualTo("x"));
        Assert.That(other.Root, Is.EqualTo(_files.Caller.Fs.Root));
        other.Release();
    }
}
