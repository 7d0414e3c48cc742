using Nommu.Core.Abi;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;
using Nommu.Core.Tests.Loader;

namespace Nommu.Core.Tests.Memory;

/// <summary>mmap(2) of files in memory, and what becomes of program text on that way.</summary>
public class FileMappingTests
{
    private const MapProtection Read = MapProtection.PROT_READ;
    private const MapProtection ReadWrite = MapProtection.PROT_READ | MapProtection.PROT_WRITE;
    private const MapProtection ReadExecute = MapProtection.PROT_READ | MapProtection.PROT_EXEC;
    private const ulong Page = Arena.PageSize;

    // xor eax,eax; mov eax,39; syscall; ret
    private static readonly byte[] Code = [0x31, 0xc0, 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3];

    private TestLoader _loader = null!;
    private AddressSpace _space = null!;

    [SetUp]
    public void SetUp()
    {
        _loader = new TestLoader();
        _space = new AddressSpace(_loader.Arena, _loader.Texts);
    }

    [TearDown]
    public void TearDown()
    {
        _space.Release();
        _loader.Dispose();
    }

    [Test]
    public void APrivateMappingShowsTheFileAndKeepsItsOwnChanges()
    {
        var contents = new byte[5000];
        contents.AsSpan().Fill(7);
        _loader.Add("/file", contents);
        var at = Map("/file", 0, 3 * Page, ReadWrite, MapFlags.MAP_PRIVATE);
        Assert.That(_loader.Bytes(at, 5000), Is.All.EqualTo(7));
        Assert.That(_loader.Bytes(at + 5000, 3192), Is.All.Zero, "behind the end of the file");
        Assert.That(_loader.Arena.Memory.Read(at + 2 * Page, new byte[1]), Is.EqualTo(Errno.EFAULT), "a page behind the end");
        Assert.That(_loader.Arena.Memory.Write(at, [1, 2, 3]), Is.EqualTo(Errno.None));
        Assert.That(_loader.Files.Read("/file")[0], Is.EqualTo('\u0007'));
        Assert.That(_space.Advise(at, Page, MemoryAdvice.MADV_DONTNEED), Is.EqualTo(Errno.None));
        Assert.That(_loader.Bytes(at, 3), Is.All.EqualTo(7), "as the file again");
    }

    [Test]
    public void ASharedMappingIsTheFile()
    {
        _loader.Add("/file", new byte[2 * Page]);
        var one = Map("/file", 0, 2 * Page, ReadWrite, MapFlags.MAP_SHARED, OpenFlags.O_RDWR);
        var two = Map("/file", (long)Page, Page, Read, MapFlags.MAP_SHARED);
        Assert.That(_loader.Arena.Memory.Write(one + Page, "shared"u8), Is.EqualTo(Errno.None));
        Assert.That(_loader.Text(two), Is.EqualTo("shared"));
        Assert.That(_loader.Files.Read("/file")[(int)Page..].TrimEnd('\0'), Is.EqualTo("shared"));
        Assert.That(_space.Protect(two, Page, ReadWrite), Is.EqualTo(Errno.EACCES), "opened for reading");
        Assert.That(_loader.Arena.Charged, Is.Zero, "the file's pages are the file's");
    }

    [Test]
    public void HolesReadAsZeroAndArePlacesToWrite()
    {
        _loader.Add("/file", "x"u8);
        Assert.That(_loader.Files.Truncate("/file", 8 * (long)Page), Is.EqualTo(Errno.None));
        var at = Map("/file", 0, 8 * Page, ReadWrite, MapFlags.MAP_SHARED, OpenFlags.O_RDWR);
        Assert.That(_loader.Bytes(at + 1, (int)(8 * Page) - 1), Is.All.Zero);
        Assert.That(_loader.Arena.Memory.Write(at + 5 * Page, "here"u8), Is.EqualTo(Errno.None));
        Assert.That(_loader.Files.Read("/file").Substring((int)(5 * Page), 4), Is.EqualTo("here"));
    }

    [Test]
    public void ALibraryThatIsMappedOverItselfIsRewritten()
    {
        _loader.Add("/lib.so", Library());
        var free = _loader.Arena.FreeLength;
        var image = Map("/lib.so", 0, 3 * Page, Read, MapFlags.MAP_PRIVATE);
        Map("/lib.so", (long)Page, Page, ReadExecute, MapFlags.MAP_PRIVATE | MapFlags.MAP_FIXED, at: image + Page);
        AssertRewritten(image + Page);
        Assert.That(_space.Unmap(image, 3 * Page), Is.EqualTo(Errno.None));
        Assert.That(_loader.Arena.FreeLength, Is.EqualTo(free - 3 * Page), "its stubs go, its own pages are a hole");
    }

    [Test]
    public void TextThatBecomesExecutableLaterIsRewrittenThen()
    {
        _loader.Add("/lib.so", Library());
        var image = Map("/lib.so", 0, 3 * Page, Read, MapFlags.MAP_PRIVATE);
        Assert.That(_loader.Bytes(image + Page, Code.Length), Is.EqualTo(Code));
        Assert.That(_space.Protect(image, 3 * Page, ReadExecute), Is.EqualTo(Errno.None));
        AssertRewritten(image + Page);
        Assert.That(_space.Snapshot().Select(area => area.Protection), Is.All.EqualTo(ReadExecute));
    }

    [Test]
    public void TextThatWasWrittenToIsLeftAsItIs()
    {
        _loader.Add("/lib.so", Library());
        var text = Map("/lib.so", (long)Page, Page, ReadWrite, MapFlags.MAP_PRIVATE);
        Assert.That(_loader.Arena.Memory.Write(text, [0x90]), Is.EqualTo(Errno.None));
        Assert.That(_space.Protect(text, Page, ReadExecute), Is.EqualTo(Errno.None));
        Assert.That(_loader.Bytes(text, 3), Is.EqualTo(new byte[] { 0x90, 0xc0, 0xb8 }));
        Assert.That(_space.UsesVectorExtensions, Is.True, "nobody has looked at it");
    }

    [Test]
    public void TwoMappingsOfOneLibraryEachHaveStubsInReach()
    {
        _loader.Add("/lib.so", Library());
        var one = Map("/lib.so", (long)Page, Page, ReadExecute, MapFlags.MAP_PRIVATE);
        var two = Map("/lib.so", (long)Page, Page, ReadExecute, MapFlags.MAP_PRIVATE);
        AssertRewritten(one);
        AssertRewritten(two);
        Assert.That(_space.ToStub(one + 2), Is.Not.EqualTo(_space.ToStub(two + 2)));
    }

    private void AssertRewritten(ulong text)
    {
        var stub = _space.ToStub(text + 2);
        Assert.That(_loader.Bytes(text + 2, 1)[0], Is.EqualTo(0xe9));
        Assert.That(stub, Is.EqualTo(text + 7 + (ulong)(long)BitConverter.ToInt32(_loader.Bytes(text + 3, 4))));
        Assert.That(_loader.Bytes(stub, 5), Is.EqualTo(Code[2..7]), "the stub does what was displaced");
        Assert.That(_space.ToOriginal(stub), Is.EqualTo(text + 2));
    }

    private static byte[] Library() => new ElfBuilder()
        .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R, 0, new byte[0x200])
        .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_X, 0x1000, Code)
        .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R, 0x2000, new byte[0x100])
        .Build();

    [Test]
    public void FarBehindTheEndOfAFileThereIsNothingToMapButItIsAllowed()
    {
        _loader.Add("/file", new byte[5000]);
        var file = _loader.Files.Open("/file", OpenFlags.O_RDONLY).Value;
        var blocks = file.Inode.Blocks;
        Map("/file", 1L << 60, Page, Read, MapFlags.MAP_SHARED);
        Assert.That(file.Inode.Blocks, Is.EqualTo(blocks));
        file.Release();
    }

    private ulong Map(string path, long offset, ulong length, MapProtection protection, MapFlags flags, OpenFlags open = OpenFlags.O_RDONLY, ulong at = 0)
    {
        var file = _loader.Files.Open(path, open).Value;
        var mapped = _space.Map(new MapRequest(at, length, protection, flags, file, offset));
        file.Release();
        Assert.That(mapped.Error, Is.EqualTo(Errno.None));
        return mapped.Value;
    }
}
