using Iced.Intel;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Rewriter;

/// <summary>A product written for one placement, and a check that walks each stub beside the original instructions.</summary>
internal sealed class Applied
{
    private readonly ExecutableText _source;
    private readonly RewrittenText _product;
    private readonly byte[] _original;
    private readonly ulong _textAddress;
    private readonly ulong _stubsAddress;

    private Applied(ExecutableText source, RewrittenText product, ulong textAddress, ulong stubsAddress) =>
        (_source, _original, _product, _textAddress, _stubsAddress) = (source, source.Bytes.ToArray(), product, textAddress, stubsAddress);

    internal byte[] Text { get; private init; } = [];

    internal byte[] Stubs { get; private init; } = [];

    internal static Applied At(ExecutableText source, RewrittenText product, ulong textAddress, long distance)
    {
        var applied = new Applied(source, product, textAddress, textAddress + (ulong)distance) { Text = source.Bytes.ToArray(), Stubs = new byte[product.Stubs.Length] };
        Assert.That(product.Apply(applied.Text, textAddress, applied.Stubs, applied._stubsAddress), Is.True);
        return applied;
    }

    /// <summary>Each patch jumps to a stub that holds the window's instructions in order, with equal operands, around one call of the kernel, and comes back behind the window.</summary>
    internal void AssertEquivalent()
    {
        var untouched = _source.Bytes.ToArray();
        foreach (var patch in _product.Patches)
        {
            AssertPatch(patch);
            patch.Replacement.CopyTo(untouched.AsMemory(patch.Offset));
            Text.AsMemory(patch.Offset, patch.Original.Length).CopyTo(untouched.AsMemory(patch.Offset));
        }
        Assert.That(Text.AsSpan().SequenceEqual(untouched), Is.True, "something else than the patches changed");
    }

    private void AssertPatch(SitePatch patch)
    {
        var jump = DecodeText(patch.Offset, Text);
        Assert.That(jump.Code, Is.EqualTo(Code.Jmp_rel32_64));
        var at = (int)(jump.NearBranchTarget - _stubsAddress);
        var original = patch.Offset;
        var called = false;
        while (true)
        {
            var expected = DecodeText(original, _original);
            var isSyscall = expected.Code == Code.Syscall;
            if (called && original >= patch.Offset + patch.Original.Length)
                break;
            AssertTranslation(at, original);
            if (isSyscall)
            {
                at = AssertCall(at, original, expected.Length, patch);
                if (at < 0)
                    return;
                called = true;
            }
            else
            {
                var moved = DecodeStub(at);
                AssertSame(moved, expected);
                at += moved.Length;
                if (called && Displacement.EndsFlow(expected))
                    return;
            }
            original += expected.Length;
        }
        var back = DecodeStub(at);
        Assert.That((back.Code, back.NearBranchTarget), Is.EqualTo((Code.Jmp_rel32_64, _textAddress + (ulong)original)));
        AssertTranslation(at, original);
    }

    // Returns where the stub goes on, or -1 where the call returns into the text.
    private int AssertCall(int at, int original, int length, SitePatch patch)
    {
        var lea = DecodeStub(at);
        var jump = DecodeStub(at + lea.Length);
        Assert.That((lea.Code, lea.Op0Register), Is.EqualTo((Code.Lea_r64_m, Register.RCX)));
        Assert.That((jump.Code, jump.MemorySegment, jump.MemoryBase, (int)jump.MemoryDisplacement64), Is.EqualTo((Code.Jmp_rm64, Register.GS, Register.None, _source.EntryOffset)));
        AssertTranslation(at + lea.Length, original);
        Assert.That(_product.Table.TryTranslateToStub((ulong)original, out var call) ? (int)call : -1, Is.EqualTo(at));
        var after = original + length;
        if (lea.IPRelativeMemoryAddress == _textAddress + (ulong)after)
        {
            Assert.That(after, Is.GreaterThanOrEqualTo(patch.Offset + patch.Original.Length), "returns into its own window");
            return -1;
        }
        Assert.That(lea.IPRelativeMemoryAddress, Is.EqualTo(_stubsAddress + (ulong)(at + lea.Length + jump.Length)));
        return at + lea.Length + jump.Length;
    }

    private void AssertTranslation(int stub, int original)
    {
        Assert.That(_product.Table.TryTranslateToOriginal((ulong)stub, out var translated), Is.True);
        Assert.That(translated, Is.EqualTo((ulong)original));
    }

    private static void AssertSame(in Instruction moved, in Instruction expected)
    {
        Assert.That(moved.Mnemonic, Is.EqualTo(expected.Mnemonic));
        if (expected.Op0Kind == OpKind.NearBranch64)
            Assert.That(moved.NearBranchTarget, Is.EqualTo(expected.NearBranchTarget));
        else
            Assert.That(moved.ToString(), Is.EqualTo(expected.ToString()));
    }

    private Instruction DecodeText(int offset, byte[] text) => Decode(text, offset, _textAddress);

    private Instruction DecodeStub(int offset) => Decode(Stubs, offset, _stubsAddress);

    private static Instruction Decode(byte[] bytes, int offset, ulong address)
    {
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(bytes, offset, bytes.Length - offset), address + (ulong)offset);
        decoder.Decode(out var instruction);
        return instruction;
    }
}
