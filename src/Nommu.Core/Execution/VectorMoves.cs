using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Execution;

/// <summary>Emits what keeps vector registers over a system call: plain moves to and from their places in the XSAVE image.</summary>
/// <remarks>
/// <c>xsave64</c> and <c>xrstor64</c> take some 150 ns together where the same moves one by one take 5 (AVX) to 20 (AVX-512), since they look at every feature and write a header. Only the registers that managed code and the host's libc use are moved:
/// x87, whose registers nobody there touches, stays in the processor. The image's pieces: xmm in the legacy part, the upper halves of ymm, of zmm0-15, zmm16-31 and the masks each where CPUID leaf 0Dh says (Intel SDM vol. 1, 13.4 and 13.5).
/// </remarks>
internal sealed class VectorMoves
{
    private const int Ymm = 2, Masks = 5, ZmmUpper = 6, Zmm16 = 7;
    private const ulong YmmBit = 1 << Ymm, Avx512Bits = (1 << Masks) | (1 << ZmmUpper) | (1 << Zmm16), SseBit = 2;

    private static readonly AssemblerRegisterXMM[] XmmRegisters =
        [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    private static readonly AssemblerRegisterYMM[] YmmRegisters =
        [ymm0, ymm1, ymm2, ymm3, ymm4, ymm5, ymm6, ymm7, ymm8, ymm9, ymm10, ymm11, ymm12, ymm13, ymm14, ymm15];

    private static readonly AssemblerRegisterZMM[] ZmmRegisters =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegisterK[] MaskRegisters = [k0, k1, k2, k3, k4, k5, k6, k7];

    private readonly int _image;
    private readonly bool _avx, _avx512;

    /// <param name="features">What the host has enabled, as bits of XCR0.</param>
    /// <param name="image">Where the XSAVE image lies, from the register that the moves are based on.</param>
    internal VectorMoves(ulong features, int image)
    {
        _image = image;
        _avx = (features & YmmBit) != 0;
        _avx512 = _avx && (features & Avx512Bits) == Avx512Bits;
        Features = SseBit | (_avx ? YmmBit : 0) | (_avx512 ? Avx512Bits : 0);
    }

    /// <summary>What <see cref="SaveAll"/> saves, as bits of XSTATE_BV.</summary>
    internal ulong Features { get; }

    private int Xmm => _image + 160;

    internal void SaveXmm(Assembler a, AssemblerRegister64 context)
    {
        for (var i = 0; i < XmmRegisters.Length; i++)
            a.movaps(__xmmword_ptr[context + Xmm + 16 * i], XmmRegisters[i]);
    }

    internal void LoadXmm(Assembler a, AssemblerRegister64 context)
    {
        for (var i = 0; i < XmmRegisters.Length; i++)
            a.movaps(XmmRegisters[i], __xmmword_ptr[context + Xmm + 16 * i]);
    }

    internal void SaveAll(Assembler a, AssemblerRegister64 context)
    {
        SaveXmm(a, context);
        if (!_avx)
            return;
        for (var i = 0; i < YmmRegisters.Length; i++)
            a.vextractf128(__xmmword_ptr[context + Place(Ymm) + 16 * i], YmmRegisters[i], 1);
        if (_avx512)
        {
            for (var i = 0; i < 16; i++)
            {
                a.vextractf64x4(__ymmword_ptr[context + Place(ZmmUpper) + 32 * i], ZmmRegisters[i], 1);
                a.vmovups(__zmmword_ptr[context + Place(Zmm16) + 64 * i], ZmmRegisters[16 + i]);
            }
            for (var i = 0; i < MaskRegisters.Length; i++)
                a.kmovq(__qword_ptr[context + Place(Masks) + 8 * i], MaskRegisters[i]);
        }
        a.vzeroupper(); // what comes next may use SSE
    }

    internal void LoadAll(Assembler a, AssemblerRegister64 context)
    {
        if (!_avx)
        {
            LoadXmm(a, context);
            return;
        }
        for (var i = 0; i < YmmRegisters.Length; i++)
        {
            a.vmovaps(XmmRegisters[i], __xmmword_ptr[context + Xmm + 16 * i]);
            a.vinsertf128(YmmRegisters[i], YmmRegisters[i], __xmmword_ptr[context + Place(Ymm) + 16 * i], 1);
        }
        if (!_avx512)
            return;
        for (var i = 0; i < 16; i++)
        {
            a.vinsertf64x4(ZmmRegisters[i], ZmmRegisters[i], __ymmword_ptr[context + Place(ZmmUpper) + 32 * i], 1);
            a.vmovups(ZmmRegisters[16 + i], __zmmword_ptr[context + Place(Zmm16) + 64 * i]);
        }
        for (var i = 0; i < MaskRegisters.Length; i++)
            a.kmovq(MaskRegisters[i], __qword_ptr[context + Place(Masks) + 8 * i]);
    }

    private int Place(int feature) => _image + X86Base.CpuId(0xd, feature).Ebx;
}
