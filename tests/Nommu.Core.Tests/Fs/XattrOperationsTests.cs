using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Tests.Fs;

public sealed class XattrOperationsTests : IDisposable
{
    private readonly TestFiles _files = new();
    private readonly FsCaller _someone;

    public XattrOperationsTests()
    {
        Assert.That(_files.Write("/f", "x"), Is.EqualTo(Errno.None));
        Assert.That(_files.Symlink("f", "/l"), Is.EqualTo(Errno.None));
        _someone = TestFiles.As(_files.Caller, 1000);
    }

    public void Dispose() => _files.Dispose();

    private FsPath At(string path) => _files.Resolve(path, follow: false).Value;

    [Test]
    public void AUsersAttributeFollowsThePermissions()
    {
        Assert.That(XattrOperations.Set(_files.Caller, At("/f"), "user.note", [1, 2], XattrFlags.XATTR_REPLACE), Is.EqualTo(Errno.ENODATA));
        Assert.That(XattrOperations.Set(_files.Caller, At("/f"), "user.note", [1, 2], XattrFlags.None), Is.EqualTo(Errno.None));
        Assert.That(XattrOperations.Set(_files.Caller, At("/f"), "user.note", [3], XattrFlags.XATTR_CREATE), Is.EqualTo(Errno.EEXIST));
        Assert.That(_files.ChangeMode("/f", 0x1A4), Is.EqualTo(Errno.None));
        Assert.That(XattrOperations.Get(_someone, At("/f"), "user.note").Value, Is.EqualTo(new byte[] { 1, 2 }));
        Assert.That(XattrOperations.Set(_someone, At("/f"), "user.note", [3], XattrFlags.None), Is.EqualTo(Errno.EACCES));
        Assert.That(XattrOperations.Remove(_someone, At("/f"), "user.note"), Is.EqualTo(Errno.EACCES));
    }

    [Test]
    public void NamespacesDiffer()
    {
        Assert.That(XattrOperations.Set(_someone, At("/f"), "trusted.x", [], XattrFlags.None), Is.EqualTo(Errno.EPERM));
        Assert.That(XattrOperations.Get(_someone, At("/f"), "trusted.x").Error, Is.EqualTo(Errno.ENODATA));
        Assert.That(XattrOperations.Set(_someone, At("/f"), "security.x", [], XattrFlags.None), Is.EqualTo(Errno.EPERM));
        Assert.That(XattrOperations.Get(_files.Caller, At("/f"), "system.posix_acl_access").Error, Is.EqualTo(Errno.EOPNOTSUPP));
        Assert.That(XattrOperations.Get(_files.Caller, At("/f"), "other").Error, Is.EqualTo(Errno.EOPNOTSUPP));
        Assert.That(XattrOperations.Set(_files.Caller, At("/l"), "user.x", [], XattrFlags.None), Is.EqualTo(Errno.EPERM));
        Assert.That(XattrOperations.Get(_files.Caller, At("/l"), "user.x").Error, Is.EqualTo(Errno.ENODATA));
    }

    [Test]
    public void OnlyRootSeesTrustedNames()
    {
        Assert.That(XattrOperations.Set(_files.Caller, At("/f"), "trusted.t", [], XattrFlags.None), Is.EqualTo(Errno.None));
        Assert.That(XattrOperations.Set(_files.Caller, At("/f"), "user.u", [], XattrFlags.None), Is.EqualTo(Errno.None));
        Assert.That(Encoding.ASCII.GetString(XattrOperations.List(_files.Caller, At("/f")).Value!).Split('\0', StringSplitOptions.RemoveEmptyEntries), Is.EquivalentTo(new[] { "trusted.t", "user.u" }));
        Assert.That(Encoding.ASCII.GetString(XattrOperations.List(_someone, At("/f")).Value!), Is.EqualTo("user.u\0"));
    }
}
