using Nommu.Core.Abi;

namespace Nommu.Core.Tests.Fs;

public class PathWalkTests
{
    private readonly TestFiles _files = new();

    [TearDown]
    public void TearDown() => _files.Dispose();

    [SetUp]
    public void SetUp()
    {
        _files.MakeDirectory("/dir");
        _files.MakeDirectory("/dir/sub");
        _files.Write("/dir/file", "text");
        _files.Symlink("dir", "/to-dir");
        _files.Symlink("/dir/file", "/to-file");
        _files.Symlink("nowhere", "/dangling");
        _files.Symlink("loop", "/loop");
        _files.Symlink("../dir/sub", "/dir/back");
    }

    [TestCase("/dir/file", Errno.None)]
    [TestCase("dir/file", Errno.None)]
    [TestCase("///dir//./sub/../file", Errno.None)]
    [TestCase("/to-dir/file", Errno.None)]
    [TestCase("/to-file", Errno.None)]
    [TestCase("/dir/back/../file", Errno.None)]
    [TestCase("/../../dir", Errno.None)]
    [TestCase("/", Errno.None)]
    [TestCase("/dir/", Errno.None)]
    [TestCase("/to-dir/", Errno.None)]
    [TestCase("", Errno.ENOENT)]
    [TestCase("/none", Errno.ENOENT)]
    [TestCase("/none/file", Errno.ENOENT)]
    [TestCase("/dangling", Errno.ENOENT)]
    [TestCase("/loop", Errno.ELOOP)]
    [TestCase("/loop/x", Errno.ELOOP)]
    [TestCase("/dir/file/", Errno.ENOTDIR)]
    [TestCase("/to-file/", Errno.ENOTDIR)]
    [TestCase("/dir/file/x", Errno.ENOTDIR)]
    [TestCase("/dir/file/.", Errno.ENOTDIR)]
    [TestCase("/dir/file/..", Errno.ENOTDIR)]
    public void FindsOrSaysWhyNot(string path, Errno expected) => Assert.That(_files.Resolve(path).Error, Is.EqualTo(expected));

    [TestCase("/to-dir", InodeMode.S_IFLNK)]
    [TestCase("/to-dir/", InodeMode.S_IFDIR)]
    [TestCase("/loop", InodeMode.S_IFLNK)]
    [TestCase("/to-dir/file", InodeMode.S_IFREG)]
    public void TheLastLinkIsFollowedOnlyWhenAsked(string path, InodeMode type) => Assert.That(_files.Resolve(path, follow: false).Value.Inode.Type, Is.EqualTo(type));

    [Test]
    public void FortyLinksAreFollowedAndNoMore()
    {
        _files.Write("/link0", "end");
        for (var i = 1; i <= 41; i++)
            _files.Symlink($"link{i - 1}", $"/link{i}");
        Assert.That((_files.Resolve("/link40").Error, _files.Resolve("/link41").Error), Is.EqualTo((Errno.None, Errno.ELOOP)));
    }

    [Test]
    public void ANameMayHave255Bytes()
    {
        Assert.That(_files.Write("/" + new string('n', 255), ""), Is.EqualTo(Errno.None));
        Assert.That(_files.Write("/" + new string('n', 256), ""), Is.EqualTo(Errno.ENAMETOOLONG));
        Assert.That(_files.Resolve("/" + new string('n', 256)).Error, Is.EqualTo(Errno.ENAMETOOLONG));
    }

    [Test]
    public void SearchingTakesPermission()
    {
        _files.MakeDirectory("/closed", 0x1C0);
        _files.Write("/closed/file", "");
        _files.Caller = TestFiles.As(_files.Caller, 1000);
        Assert.That(_files.Resolve("/closed").Error, Is.EqualTo(Errno.None));
        Assert.That(_files.Resolve("/closed/file").Error, Is.EqualTo(Errno.EACCES));
        Assert.That(_files.Resolve("/closed/.").Error, Is.EqualTo(Errno.EACCES));
    }

    [Test]
    public void NothingLeavesTheRoot()
    {
        _files.Caller.Fs.SetRoot(_files.Resolve("/dir").Value);
        _files.Caller.Fs.SetWorkingDirectory(_files.Resolve("/").Value);
        Assert.That(_files.Resolve("/../../sub").Error, Is.EqualTo(Errno.None));
        Assert.That(_files.Resolve("../to-dir").Error, Is.EqualTo(Errno.ENOENT));
    }

    [Test]
    public void AMountHidesWhatIsBelowItAndItsParentIsThePlaceOfTheMount()
    {
        Assert.That(_files.Mount("tmpfs", "/dir/sub"), Is.EqualTo(Errno.None));
        _files.Write("/dir/sub/inside", "");
        Assert.That(_files.Resolve("/dir/sub/../file").Error, Is.EqualTo(Errno.None));
        Assert.That(_files.Resolve("/dir/sub").Value.Mount, Is.Not.SameAs(_files.Resolve("/").Value.Mount));
        Assert.That(_files.RemoveDirectory("/dir/sub"), Is.EqualTo(Errno.EBUSY));
        Assert.That(_files.Rename("/dir/sub/inside", "/dir/outside"), Is.EqualTo(Errno.EXDEV));
        Assert.That(_files.FileSystem.Mounts.Remove(_files.Resolve("/dir/sub").Value, UmountFlags.None), Is.EqualTo(Errno.None));
        Assert.That(_files.Resolve("/dir/sub/inside").Error, Is.EqualTo(Errno.ENOENT));
    }
}
