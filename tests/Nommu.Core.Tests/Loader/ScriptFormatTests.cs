using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Loader;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Tests.Loader;

/// <summary>execve(2), "Interpreter scripts".</summary>
public class ScriptFormatTests
{
    [TestCase("#!/bin/sh\n", "/bin/sh", "")]
    [TestCase("#! \t/bin/sh -e  -x \t\necho", "/bin/sh", "-e  -x")]
    [TestCase("#!/bin/sh", "/bin/sh", "")]
    [TestCase("#!/bin/sh \n", "/bin/sh", "")]
    public void TheLineIsCutAsLinuxCutsIt(string text, string interpreter, string argument)
    {
        var head = new byte[ExecRequest.HeadSize];
        Encoding.UTF8.GetBytes(text).CopyTo(head, 0);
        Assert.That(ScriptFormat.TryParse(head.AsSpan(2), out var path, out var rest), Is.True);
        Assert.That((Encoding.UTF8.GetString(path), Encoding.UTF8.GetString(rest)), Is.EqualTo((interpreter, argument)));
    }

    [TestCase("#!\n")]
    [TestCase("#!  \t\n/bin/sh")]
    public void NoInterpreterIsNoScript(string text)
    {
        var head = new byte[ExecRequest.HeadSize];
        Encoding.UTF8.GetBytes(text).CopyTo(head, 0);
        Assert.That(ScriptFormat.TryParse(head.AsSpan(2), out _, out _), Is.False);
    }

    [Test]
    public void APathThatDoesNotFitIsNoScriptButAnArgumentIsCut()
    {
        var head = new byte[ExecRequest.HeadSize];
        head.AsSpan().Fill((byte)'a');
        Assert.That(ScriptFormat.TryParse(head.AsSpan(2), out _, out _), Is.False);
        head[10] = (byte)' ';
        Assert.That(ScriptFormat.TryParse(head.AsSpan(2), out var path, out var argument), Is.True);
        Assert.That((path.Length, argument.Length), Is.EqualTo((8, ExecRequest.HeadSize - 11)));
    }

    [Test]
    public void ScriptsOfScriptsArriveAtTheProgramWithTheirArguments()
    {
        using var loader = new TestLoader();
        loader.Add("/bin/program", new ElfBuilder().Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_X, 0x1000, [0xc3]).Build());
        loader.Add("/inner", "#!/bin/program -i\n"u8);
        loader.Add("/outer", "#!/inner -o\n"u8);
        var image = loader.LoadOk("/outer", "zero", "one");
        var arguments = new List<string>();
        for (var at = image.StackPointer + 8; loader.Word(at) != 0; at += 8)
            arguments.Add(loader.Text(loader.Word(at)));
        Assert.That(arguments, Is.EqualTo(new[] { "/bin/program", "-i", "/inner", "-o", "/outer", "one" }));
        Assert.That(Encoding.UTF8.GetString(image.FileName.Span), Is.EqualTo("/outer"));
        image.Abandon();
    }

    [Test]
    public void AScriptOfItselfEnds()
    {
        using var loader = new TestLoader();
        loader.Add("/loop", "#!/loop\n"u8);
        Assert.That(loader.Load("/loop", ["loop"]).Error, Is.EqualTo(Errno.ELOOP));
        loader.Add("/lost", "#!/nowhere\n"u8);
        Assert.That(loader.Load("/lost", ["lost"]).Error, Is.EqualTo(Errno.ENOENT));
    }
}
