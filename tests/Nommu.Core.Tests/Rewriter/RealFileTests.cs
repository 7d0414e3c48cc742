using Iced.Intel;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Rewriter;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Rewriter;

/// <summary>Real libraries: what is found in them, and what a plain disassembler says of the result.</summary>
public class RealFileTests
{
    private const string Musl = "the guests' musl";
    private const string Glibc = "/lib/x86_64-linux-gnu/libc.so.6";
    private const string Bash = "/bin/bash";

    [TestCase(Musl)]
    [TestCase(Glibc)]
    [TestCase(Bash)]
    public void EverySiteHasAWindow(string path)
    {
        var (text, product) = Rewrite(path);
        var expected = Sweep(text).Where(instruction => instruction.Code == Code.Syscall).Select(instruction => (int)instruction.IP);
        Assert.That(product.Coverage.Sites.Select(site => site.Offset), Is.EqualTo(expected));
        // What unwinders of other files look at stays: musl's restorers.
        Assert.That(product.Coverage.Sites.Where(site => site.Rung == SiteRung.Trap).Select(site => site.Reason), Is.All.EqualTo(TrapReason.SignalReturn).And.Exactly(path == Musl ? 1 : 0).Items);
        Assert.That(product.Patches, Has.Count.EqualTo(product.Coverage.Sites.Count - product.Coverage.Count(SiteRung.Trap)));
    }

    [TestCase(Musl)]
    [TestCase(Glibc)]
    [TestCase(Bash)]
    public void EveryPairIsASiteOrKnownToBeNone(string path)
    {
        var (text, product) = Rewrite(path);
        var pairs = 0;
        for (var i = text.Bytes.Span.IndexOf("\x0f\x05"u8); i >= 0;)
        {
            pairs++;
            var next = text.Bytes.Span[(i + 1)..].IndexOf("\x0f\x05"u8);
            i = next < 0 ? -1 : i + 1 + next;
        }
        Assert.That(product.Coverage.Sites.Count + product.Coverage.NotInstructions, Is.EqualTo(pairs));
    }

    [TestCase(Musl)]
    [TestCase(Glibc)]
    public void NoWindowCoversABranchTarget(string path)
    {
        var (text, product) = Rewrite(path);
        var targets = Sweep(text).Where(instruction => instruction.Op0Kind == OpKind.NearBranch64).Select(instruction => (long)instruction.NearBranchTarget).ToHashSet();
        targets.UnionWith(text.Symbols.Select(symbol => (long)(symbol.Address - text.Address)));
        targets.UnionWith(text.Functions.Select(function => (long)(function.Address - text.Address)));
        foreach (var patch in product.Patches)
        {
            for (var offset = patch.Offset + 1; offset < patch.Offset + patch.Original.Length; offset++)
                Assert.That(targets.Contains(offset), Is.False, $"{text.Address + (ulong)patch.Offset:x}");
        }
    }

    [TestCase(Musl, 0x5555_0000_0000UL, 0x0010_0000L)]
    [TestCase(Musl, 0x5555_0000_0000UL, -0x4000_0000L)]
    [TestCase(Glibc, 0x7f00_1234_5000UL, 0x7000_0000L)]
    public void RewrittenCodeDoesWhatTheOriginalDid(string path, ulong textAddress, long distance)
    {
        var (text, product) = Rewrite(path);
        Applied.At(text, product, textAddress, distance).AssertEquivalent();
    }

    [TestCase(Musl)]
    [TestCase(Glibc)]
    public void OnlyWhatIsNearASiteIsDecoded(string path)
    {
        var (_, product) = Rewrite(path);
        Assert.That(product.Coverage.BytesDecoded, Is.LessThan((product.Coverage.Sites.Count + product.Coverage.NotInstructions) * 1024L));
    }

    [TestCase(Musl)]
    [TestCase(Glibc)]
    public void ZpolineReplacesEverySiteInPlaceWhoseFunctionKeepsNothingBelowTheStack(string path)
    {
        var text = Text(path);
        var product = new ZpolineStrategy().Rewrite(text);
        var detoured = new DetourStrategy().Rewrite(text);
        var kept = product.Coverage.Sites.Where(site => site.Reason is TrapReason.RedZone or TrapReason.SignalReturn).Select(site => site.Offset).ToHashSet();
        TestContext.Out.WriteLine($"{kept.Count} of {detoured.Coverage.Sites.Count} trap");
        Assert.That(product.Coverage.Count(SiteRung.Zpoline) + kept.Count, Is.EqualTo(detoured.Coverage.Sites.Count));
        Assert.That(kept, Has.Count.LessThan(detoured.Coverage.Sites.Count / 10));
        var bytes = text.Bytes.ToArray();
        Assert.That(product.Apply(bytes, 0x1000, default, 0), Is.True);
        foreach (var site in detoured.Coverage.Sites)
            Assert.That(bytes.AsSpan(site.Offset, 2).ToArray(), Is.EqualTo(kept.Contains(site.Offset) ? new byte[] { 0x0f, 0x05 } : [0xff, 0xd0]));
    }

    private static (ExecutableText Text, RewrittenText Product) Rewrite(string path)
    {
        var text = Text(path);
        return (text, new DetourStrategy().Rewrite(text));
    }

    private static ExecutableText Text(string path)
    {
        var file = path == Musl ? Path.Combine(GuestPaths.Cache, "musl/lib/libc.so") : path;
        Assert.That(ElfImage.Parse(File.ReadAllBytes(file)).TryGet(out var image), Is.True);
        return ExecutableText.FromImage(image!)[0];
    }

    private static List<Instruction> Sweep(ExecutableText text)
    {
        var instructions = new List<Instruction>();
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(text.Bytes.ToArray()), 0);
        while (decoder.IP < (ulong)text.Bytes.Length)
        {
            decoder.Decode(out var instruction);
            instructions.Add(instruction);
        }
        return instructions;
    }
}
