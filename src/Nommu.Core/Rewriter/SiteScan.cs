using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Nommu.Core.Rewriter;

/// <summary>The vectorised search for the byte pairs that may enter a kernel; a pair is a candidate, never yet an instruction.</summary>
internal sealed class SiteScan
{
    private const byte EscapeByte = 0x0f;
    private const byte SyscallByte = 0x05;
    private const byte SysenterByte = 0x34;
    private const byte GroupByte = 0xae;
    private const byte InterruptByte = 0xcd;
    private const byte InterruptNumber = 0x80;

    /// <summary>A scan that finds no calls, since none are to be rewritten.</summary>
    internal static SiteScan WithoutCalls(ReadOnlyMemory<byte> text) => new() { UsesGs = Of(text).UsesGs };

    /// <summary>Where 0f 05 stands, ascending.</summary>
    internal List<int> Candidates { get; } = [];

    internal int Sysenters { get; private set; }

    internal int Interrupts { get; private set; }

    /// <summary>See <see cref="GsUse"/>.</summary>
    internal bool UsesGs { get; private set; }

    internal int NotInstructions { get; set; }

    internal long BytesDecoded { get; set; }

    internal static SiteScan Of(ReadOnlyMemory<byte> text)
    {
        var parts = TextParts.Select(text.Length, (start, end) => Scan(text.Span, start, end));
        var scan = parts[0];
        foreach (var part in parts.AsSpan(1))
        {
            scan.Candidates.AddRange(part.Candidates);
            scan.Sysenters += part.Sysenters;
            scan.Interrupts += part.Interrupts;
            scan.UsesGs |= part.UsesGs;
        }
        return scan;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static SiteScan Scan(ReadOnlySpan<byte> text, int at, int end)
    {
        var scan = new SiteScan();
        if (Vector256.IsHardwareAccelerated)
        {
            ref var start = ref MemoryMarshal.GetReference(text);
            var escape = Vector256.Create(EscapeByte);
            var interrupt = Vector256.Create(InterruptByte);
            for (; at + Vector256<byte>.Count < end; at += Vector256<byte>.Count)
            {
                var first = Vector256.LoadUnsafe(ref start, (nuint)at);
                var second = Vector256.LoadUnsafe(ref start, (nuint)at + 1);
                var pairs = (Vector256.Equals(first, escape) & (Vector256.Equals(second, Vector256.Create(SyscallByte)) | Vector256.Equals(second, Vector256.Create(SysenterByte)) | Vector256.Equals(second, Vector256.Create(GroupByte))))
                    | (Vector256.Equals(first, interrupt) & Vector256.Equals(second, Vector256.Create(InterruptNumber)));
                if (pairs == Vector256<byte>.Zero)
                    continue;
                var hits = pairs.ExtractMostSignificantBits();
                for (; hits != 0; hits &= hits - 1)
                    scan.Look(text, at + System.Numerics.BitOperations.TrailingZeroCount(hits));
            }
        }
        for (; at < end && at + 1 < text.Length; at++)
            scan.Look(text, at);
        return scan;
    }

    private void Look(ReadOnlySpan<byte> text, int at)
    {
        switch (text[at], text[at + 1])
        {
            case (EscapeByte, SyscallByte): Candidates.Add(at); break;
            case (EscapeByte, SysenterByte): Sysenters++; break;
            case (EscapeByte, GroupByte): UsesGs |= GsUse.IsAt(text, at); break;
            case (InterruptByte, InterruptNumber): Interrupts++; break;
        }
    }
}
