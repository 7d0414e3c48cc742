namespace Nommu.Core.Execution;

/// <summary>How much of a guest's floating-point and vector state its XSAVE image holds; the rest is still in the processor, or nothing the guest uses.</summary>
internal enum SavedState : uint
{
    /// <summary>xmm0-15.</summary>
    Xmm = 0,

    /// <summary>All of it.</summary>
    All = 1,

    /// <summary>All vector registers and masks, not the x87 registers.</summary>
    Vectors = 2,
}
