using System.Buffers.Binary;
using Nommu.Core.Abi;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Tests.Loader;

public class ElfImageTests
{
    private const ElfSegmentFlags ReadExecute = ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_X;

    private static ElfBuilder Program() => new ElfBuilder()
        .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R, 0, new byte[0x300])
        .Add(ElfSegmentType.PT_LOAD, ReadExecute, 0x1000, new byte[0x100])
        .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_W, 0x2000, new byte[0x10], memorySize: 0x5000);

    [Test]
    public void ReadsWhatALoaderAsksFor()
    {
        var file = Program()
            .Add(ElfSegmentType.PT_INTERP, ElfSegmentFlags.PF_R, 0x2c0, "/lib/ld.so\0"u8, alignment: 1)
            .Add(ElfSegmentType.PT_GNU_STACK, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_W, 0, default, memorySize: 0x20000)
            .Build();
        var image = Parse(file);
        Assert.Multiple(() =>
        {
            Assert.That(image.Type, Is.EqualTo(ElfType.ET_DYN));
            Assert.That(image.Entry, Is.EqualTo(0x1000));
            Assert.That(image.ProgramHeaders.Length, Is.EqualTo(5));
            Assert.That(image.Interpreter, Is.EqualTo("/lib/ld.so"));
            Assert.That(image.StackFlags, Is.EqualTo(ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_W));
            Assert.That(image.StackSize, Is.EqualTo(0x20000));
            Assert.That((image.LowAddress, image.HighAddress), Is.EqualTo((0UL, 0x7000UL)));
            Assert.That(image.ProgramHeaderAddress, Is.EqualTo(64));
        });
    }

    [Test]
    public void ReadsDynamicEntriesAndNotes()
    {
        var dynamic = new byte[48];
        BinaryPrimitives.WriteInt64LittleEndian(dynamic, (long)ElfDynamicTag.DT_NEEDED);
        BinaryPrimitives.WriteInt64LittleEndian(dynamic.AsSpan(8), 7);
        byte[] note = [4, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, (byte)'G', (byte)'N', (byte)'U', 0, 9, 8, 7, 0];
        var image = Parse(Program().Add(ElfSegmentType.PT_DYNAMIC, ElfSegmentFlags.PF_R, 0x200, dynamic).Add(ElfSegmentType.PT_NOTE, ElfSegmentFlags.PF_R, 0x280, note, alignment: 4).Build());
        Assert.That(image.Dynamic.ToArray(), Is.EqualTo(new[] { new ElfDynamicEntry(ElfDynamicTag.DT_NEEDED, 7) }));
        Assert.That(image.TryGetDynamic(ElfDynamicTag.DT_NEEDED, out var value) ? value : 0, Is.EqualTo(7));
        var read = image.ReadNotes().Single();
        Assert.That((read.Name, read.Type), Is.EqualTo(("GNU", 1U)));
        Assert.That(read.Descriptor.ToArray(), Is.EqualTo(new byte[] { 9, 8, 7 }));
    }

    [Test]
    public void ReadsBytesByAddress()
    {
        var image = Parse(Program().Build());
        Assert.That(image.TryRead(0x2000, 0x10, out var data) ? data.Length : -1, Is.EqualTo(0x10));
        Assert.That(image.TryRead(0x2000, 0x11, out _), Is.False);
        Assert.That(image.TryRead(0x2008, ulong.MaxValue, out _), Is.False);
        Assert.That(image.ReadToEnd(0x10f0).Length, Is.EqualTo(0x10));
        Assert.That(image.ReadToEnd(0x1100).Length, Is.Zero);
    }

    private static IEnumerable<TestCaseData> BadFiles()
    {
        static byte[] Changed(int at, params byte[] bytes)
        {
            var file = Program().Build();
            bytes.CopyTo(file, at);
            return file;
        }
        const int Second = 64 + 56;
        yield return new TestCaseData(Array.Empty<byte>(), "not an ELF file").SetArgDisplayNames("empty");
        yield return new TestCaseData(Program().Build()[..63], "not an ELF file").SetArgDisplayNames("short");
        yield return new TestCaseData(Changed(4, 1), "not a 64-bit little-endian ELF").SetArgDisplayNames("32 bits");
        yield return new TestCaseData(Changed(18, 183), "not an x86-64 ELF").SetArgDisplayNames("another machine");
        yield return new TestCaseData(Changed(16, 1), "neither an executable nor a shared object").SetArgDisplayNames("an object file");
        yield return new TestCaseData(Changed(56, 0), "unusable program header table").SetArgDisplayNames("no headers");
        yield return new TestCaseData(Changed(32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "program headers past the end of the file").SetArgDisplayNames("headers nowhere");
        yield return new TestCaseData(Program().Build()[..0x1080], "a segment past the end of the file").SetArgDisplayNames("truncated");
        yield return new TestCaseData(Changed(Second + 16, 0, 0x10, 0, 0, 0, 0, 0, 0x80), "a segment past the end of the address space").SetArgDisplayNames("a kernel address");
        yield return new TestCaseData(Changed(Second + 16, 0, 0x70), "segments out of order or overlapping").SetArgDisplayNames("out of order");
        yield return new TestCaseData(Changed(Second + 16, 1), "a segment that is not page aligned").SetArgDisplayNames("unaligned");
        yield return new TestCaseData(Changed(Second + 40, 0xff, 0), "a segment larger in the file than in memory").SetArgDisplayNames("file larger than memory");
        yield return new TestCaseData(Changed(Second + 48, 3), "a segment's alignment is no power of two").SetArgDisplayNames("odd alignment");
        yield return new TestCaseData(Changed(31, 0x80), "the entry point is past the end of the address space").SetArgDisplayNames("wild entry");
        yield return new TestCaseData(
            Program().Add(ElfSegmentType.PT_INTERP, ElfSegmentFlags.PF_R, 0x2c0, "/lib"u8).Build(), "an interpreter path without its end").SetArgDisplayNames("interpreter without end");
        yield return new TestCaseData(new ElfBuilder().Add(ElfSegmentType.PT_NOTE, ElfSegmentFlags.PF_R, 0, new byte[16]).Build(), "nothing to load").SetArgDisplayNames("nothing to load");
    }

    [Test]
    public void ASegmentWithoutContentsMayHaveAnyOffset()
    {
        var file = Program().Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_W, 0x100000, [], 0x1000).Build();
        Assert.That(ElfImage.Parse(file, out var reason).TryGet(out var image), Is.True, reason);
        Assert.That(image!.Contents(image.ProgramHeaders[^1]).IsEmpty);
    }

    [TestCaseSource(nameof(BadFiles))]
    public void RefusesWithAReason(byte[] file, string expected)
    {
        Assert.That(ElfImage.Parse(file, out var reason).Error, Is.EqualTo(Errno.ENOEXEC));
        Assert.That(reason, Is.EqualTo(expected));
    }

    private static ElfImage Parse(byte[] file)
    {
        Assert.That(ElfImage.Parse(file, out var reason).TryGet(out var image), Is.True, reason);
        return image!;
    }
}
