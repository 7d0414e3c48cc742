using Iced.Intel;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Rewriter;

/// <summary>Synthetic code for the rewriter.</summary>
internal static class CodeText
{
    internal const ulong Address = 0x1000;

    internal static ExecutableText Of(Action<Assembler> write, IEnumerable<int>? knownSites = null) =>
        new(Assemble(write), Address, knownSites: knownSites);

    internal static byte[] Assemble(Action<Assembler> write)
    {
        var assembler = new Assembler(64) { PreferShortBranch = true };
        write(assembler);
        using var bytes = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(bytes), Address);
        return bytes.ToArray();
    }

    /// <summary>Rewrites by detour and checks the result instruction by instruction, near and far.</summary>
    internal static RewrittenText Detour(ExecutableText text)
    {
        var product = new DetourStrategy().Rewrite(text);
        Applied.At(text, product, 0x5555_5555_0000, 0x10_0000).AssertEquivalent();
        Applied.At(text, product, 0x5555_5555_0000, -0x7000_0000).AssertEquivalent();
        return product;
    }
}
