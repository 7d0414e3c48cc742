using Iced.Intel;

namespace Nommu.Core.Rewriter;

/// <summary>A <c>syscall</c> instruction with the instructions around it that a window could take in.</summary>
internal sealed class CandidateSite
{
    /// <summary>Where the instruction begins.</summary>
    internal required int Offset { get; init; }

    /// <summary>Its length: 2, or more with prefixes.</summary>
    internal required int Length { get; init; }

    /// <summary>What precedes, nearest first, as far as it may be moved.</summary>
    internal required Instruction[] Before { get; init; }

    /// <summary>What follows, nearest first, as far as it may be moved; padding that nothing reaches included.</summary>
    internal required Instruction[] After { get; init; }

    /// <summary>How many of <see cref="After"/> are reached by falling through; the rest is padding that is overwritten and not kept.</summary>
    internal required int Reached { get; init; }

    /// <summary>Something before it in its function, as far as is known, uses memory below the stack pointer: the red zone of the System V ABI may hold something across the call.</summary>
    internal required bool UsesRedZone { get; init; }

    internal int End => Offset + Length;
}
