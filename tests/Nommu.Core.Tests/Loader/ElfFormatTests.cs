using Nommu.Core.Abi;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Loader;

/// <summary>What a program finds when it begins.</summary>
public class ElfFormatTests
{
    private const ElfSegmentFlags ReadExecute = ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_X;
    private const ElfSegmentFlags ReadWrite = ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_W;

    // mov eax,39; syscall; ret
    private static readonly byte[] Code = [0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3];

    private TestLoader _loader = null!;

    [SetUp]
    public void SetUp() => _loader = new TestLoader();

    [TearDown]
    public void TearDown() => _loader.Dispose();

    [Test]
    public void TheStackIsAsLinuxLaysItOut()
    {
        _loader.Add("/bin/program", Program());
        var image = _loader.LoadOk("/bin/program", "program", "one", "");
        var at = image.StackPointer;
        Assert.That(at % 16, Is.Zero);
        Assert.That(_loader.Word(at), Is.EqualTo(3));
        var arguments = new[] { _loader.Word(at + 8), _loader.Word(at + 16), _loader.Word(at + 24) };
        Assert.That(arguments.Select(_loader.Text), Is.EqualTo(new[] { "program", "one", "" }));
        Assert.That(_loader.Word(at + 32), Is.Zero);
        var variables = new[] { _loader.Word(at + 40), _loader.Word(at + 48) };
        Assert.That(variables.Select(_loader.Text), Is.EqualTo(new[] { "PATH=/bin", "HOME=/" }));
        Assert.That(_loader.Word(at + 56), Is.Zero);
        // One after another, the path last, eight zero bytes at the very top.
        Assert.That(arguments[1], Is.EqualTo(arguments[0] + 8));
        Assert.That(variables[0], Is.EqualTo(arguments[2] + 1));
        var vector = Vector(at + 64);
        var name = vector[AuxiliaryVectorType.AT_EXECFN];
        Assert.That((_loader.Text(name), name), Is.EqualTo(("/bin/program", variables[1] + 7)));
        Assert.That(_loader.Bytes(name + 13, 8), Is.All.Zero);
        Assert.That(_loader.Arena.Memory.Read(name + 13 + 8, new byte[1]), Is.EqualTo(Errno.EFAULT).Or.EqualTo(Errno.None));
        var layout = image.Space.Layout;
        Assert.That((layout.ArgStart, layout.ArgEnd, layout.EnvStart, layout.EnvEnd), Is.EqualTo((arguments[0], variables[0], variables[0], name)));
        image.Abandon();
    }

    [Test]
    public void AnImageOfAProgramThatIsNotKeptIsNotKeptEither()
    {
        var program = Program();
        _loader.Add("/bin/program", program);
        var image = _loader.LoadOk("/bin/program", "program");
        _loader.Texts.Dispose(); // it has to be read anew
        image.Abandon();
        Assert.That(_loader.Format.Images, Is.Zero);
        var again = _loader.LoadOk("/bin/program", "program");
        again.Abandon();
        Assert.That(_loader.Format.Images, Is.EqualTo(1));
        var third = _loader.LoadOk("/bin/program", "program");
        Assert.That(third.Entry, Is.EqualTo(again.Entry), "the place of the one before");
        third.Abandon();
    }

    [Test]
    public void TheAuxiliaryVectorDescribesTheProgram()
    {
        _loader.Add("/bin/program", Program());
        var image = _loader.LoadOk("/bin/program", "program");
        var vector = Vector(image.StackPointer + 48);
        var bias = image.Entry - 0x1000;
        Assert.Multiple(() =>
        {
            Assert.That(vector[AuxiliaryVectorType.AT_ENTRY], Is.EqualTo(image.Entry));
            Assert.That(vector[AuxiliaryVectorType.AT_PHDR], Is.EqualTo(bias + 64));
            Assert.That((vector[AuxiliaryVectorType.AT_PHENT], vector[AuxiliaryVectorType.AT_PHNUM]), Is.EqualTo((56UL, 3UL)));
            Assert.That((vector[AuxiliaryVectorType.AT_BASE], vector[AuxiliaryVectorType.AT_FLAGS], vector[AuxiliaryVectorType.AT_SECURE]), Is.EqualTo((0UL, 0UL, 0UL)));
            Assert.That((vector[AuxiliaryVectorType.AT_PAGESZ], vector[AuxiliaryVectorType.AT_CLKTCK]), Is.EqualTo((4096UL, 100UL)));
            Assert.That(_loader.Text(vector[AuxiliaryVectorType.AT_PLATFORM]), Is.EqualTo("x86_64"));
            Assert.That(_loader.Bytes(vector[AuxiliaryVectorType.AT_RANDOM], 16), Is.Not.All.Zero);
            Assert.That(image.Space.Layout.AuxiliaryVector, Is.EqualTo(_loader.Bytes(image.StackPointer + 48, (vector.Count + 1) * 16)));
        });
        image.Abandon();
    }

    [Test]
    public void SegmentsAreWhereAndWhatTheFileSays()
    {
        _loader.Add("/bin/program", Program());
        var image = _loader.LoadOk("/bin/program", "program");
        var bias = image.Entry - 0x1000;
        Assert.That(_loader.Bytes(bias + 0x2ff0, 32), Is.EqualTo(Enumerable.Repeat((byte)0x5a, 16).Concat(new byte[16])));
        Assert.That(_loader.Bytes(bias + 0x4ff0, 16), Is.All.Zero, "what is longer in memory than in the file");
        var areas = image.Space.Snapshot().Where(area => area.Name is not ("[vdso]" or "[vvar]"));
        Assert.That(areas.Select(area => (int)area.Protection), Is.EqualTo(new[] { 1, 5, 3, 3, 0, 3 }));
        Assert.That(image.Space.Brk(0), Is.GreaterThanOrEqualTo(bias + 0x5000));
        Assert.That(image.Space.Brk(image.Space.StartBrk + 100), Is.EqualTo(image.Space.StartBrk + 100));
        image.Abandon();
    }

    [Test]
    public void TextIsRewrittenAndItsAddressesAreTranslated()
    {
        _loader.Add("/bin/program", Program());
        var image = _loader.LoadOk("/bin/program", "program");
        Assert.That(_loader.Bytes(image.Entry, 1), Is.EqualTo(new byte[] { 0xe9 }), "a jump over the mov");
        Assert.That(_loader.Bytes(image.Entry + 5, 3), Is.EqualTo(Code[5..]));
        var stub = image.Space.ToStub(image.Entry);
        Assert.That(stub, Is.EqualTo(image.Entry + 5 + (ulong)(long)BitConverter.ToInt32(_loader.Bytes(image.Entry + 1, 4))));
        Assert.That(image.Space.ToOriginal(stub), Is.EqualTo(image.Entry));
        Assert.That(image.Space.ToOriginal(image.Entry), Is.EqualTo(image.Entry));
        Assert.That(_loader.Texts.Count, Is.EqualTo(1));
        image.Abandon();
    }

    [Test]
    public void AProgramOfTheHostIsLoadedWithItsInterpreter()
    {
        const string Interpreter = "/lib64/ld-linux-x86-64.so.2";
        Assert.That(ElfImage.Parse(File.ReadAllBytes("/bin/true")).Value.Interpreter, Is.EqualTo(Interpreter));
        _loader.Add("/bin/true", File.ReadAllBytes("/bin/true"));
        _loader.Add(Interpreter, File.ReadAllBytes(Interpreter));
        var loader = ElfImage.Parse(File.ReadAllBytes(Interpreter)).Value;
        var image = _loader.LoadOk("/bin/true", "true");
        var vector = Vector(image.StackPointer + 48);
        Assert.That(vector[AuxiliaryVectorType.AT_BASE] + loader.Entry, Is.EqualTo(image.Entry));
        Assert.That(image.Space.ProtectionAt(image.Entry), Is.EqualTo(MapProtection.PROT_READ | MapProtection.PROT_EXEC));
        Assert.That(image.Space.UsesVectorExtensions, Is.True, "glibc's loader saves wide registers");
        image.Abandon();
        // The interpreter may be missing, and may be no program.
        Assert.That(_loader.Files.Unlink(Interpreter), Is.EqualTo(Errno.None));
        Assert.That(_loader.Load("/bin/true", ["true"]).Error, Is.EqualTo(Errno.ENOENT));
        _loader.Add(Interpreter, "nothing of the kind"u8);
        Assert.That(_loader.Load("/bin/true", ["true"]).Error, Is.EqualTo(Errno.ELIBBAD));
    }

    [Test]
    public void AChangedFileIsReadAnew()
    {
        _loader.Add("/bin/program", Program());
        _loader.LoadOk("/bin/program", "program").Abandon();
        var other = Program();
        other[0x1001] = 20;
        _loader.Add("/bin/program", other);
        var image = _loader.LoadOk("/bin/program", "program");
        Assert.That(_loader.Bytes(image.Space.ToStub(image.Entry), 2), Is.EqualTo(new byte[] { 0xb8, 20 }));
        image.Abandon();
    }

    [Test]
    public void WhatCannotBeLoadedSaysWhy()
    {
        var builder = new ElfBuilder { Type = ElfType.ET_EXEC, Entry = 0x401000 };
        _loader.Add("/bin/fixed", builder.Add(ElfSegmentType.PT_LOAD, ReadExecute, 0x1000, Code).Build());
        Assert.That(_loader.Load("/bin/fixed", ["fixed"]).Error, Is.EqualTo(Errno.ENOEXEC));
        Assert.That(_loader.Reason, Does.Contain("position-independent"));
        _loader.Add("/bin/cut", Program().AsSpan(0, 100));
        Assert.That(_loader.Load("/bin/cut", ["cut"]).Error, Is.EqualTo(Errno.ENOEXEC));
        _loader.Add("/bin/large", new ElfBuilder().Add(ElfSegmentType.PT_LOAD, ReadWrite, 0x1000, Code, memorySize: 1 << 30).Build());
        Assert.That(_loader.Load("/bin/large", ["large"]).Error, Is.EqualTo(Errno.ENOMEM));
    }

    [Test]
    public async Task AFixedAddressIsOneProgramsAtATime()
    {
        using var turn = await FixedAddressTurn.TakeAsync();
        var builder = new ElfBuilder { Type = ElfType.ET_EXEC, Entry = 0x401000 };
        _loader.Add("/bin/fixed", builder.Add(ElfSegmentType.PT_LOAD, ReadExecute, 0x401000, Code).Build());
        var image = _loader.LoadOk("/bin/fixed", "fixed");
        Assert.That(image.Entry, Is.EqualTo(0x401000));
        Assert.That(image.Space.StartBrk, Is.InRange(0x402000UL, FixedAddresses.LastEnd));
        Assert.That(_loader.Load("/bin/fixed", ["fixed"]).Error, Is.EqualTo(Errno.ENOEXEC));
        Assert.That(_loader.Reason, Does.Contain("another program is there"));
        image.Abandon();
        _loader.LoadOk("/bin/fixed", "fixed").Abandon();
    }

    private static byte[] Program()
    {
        var data = new byte[0x1000];
        data.AsSpan().Fill(0x5a);
        return new ElfBuilder()
            .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R, 0, new byte[0x200])
            .Add(ElfSegmentType.PT_LOAD, ReadExecute, 0x1000, Code)
            .Add(ElfSegmentType.PT_LOAD, ReadWrite, 0x2000, data, memorySize: 0x3000)
            .Build();
    }

    private Dictionary<AuxiliaryVectorType, ulong> Vector(ulong at)
    {
        var vector = new Dictionary<AuxiliaryVectorType, ulong>();
        for (; _loader.Word(at) != 0; at += 16)
            vector.Add((AuxiliaryVectorType)_loader.Word(at), _loader.Word(at + 8));
        return vector;
    }
}
