using Nommu.Core.Abi;

namespace Nommu.Core.Tests.Abi;

public class ResultTests
{
    [Test]
    public void AValueIsOk()
    {
        Result<int> result = 7;
        Assert.That(result.TryGet(out var value), Is.True);
        Assert.That(value, Is.EqualTo(7));
    }

    [Test]
    public void AnErrorIsNot()
    {
        Result<string> result = Errno.ENOENT;
        Assert.That(result.IsOk, Is.False);
        Assert.That(result.Error, Is.EqualTo(Errno.ENOENT));
    }
}
