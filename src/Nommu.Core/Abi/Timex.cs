using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct timex</c> of x86-64, 208 bytes (adjtimex(2)).</summary>
[StructLayout(LayoutKind.Explicit, Size = 208)]
internal struct Timex
{
    internal const int STA_UNSYNC = 0x40, TIME_ERROR = 5;

    /// <summary>What to set; 0 only asks.</summary>
    [FieldOffset(0)] internal uint Modes;
    [FieldOffset(8)] internal long Offset;
    [FieldOffset(16)] internal long Frequency;

    /// <summary>Microseconds.</summary>
    [FieldOffset(24)] internal long MaximumError;

    /// <summary>Microseconds.</summary>
    [FieldOffset(32)] internal long EstimatedError;
    [FieldOffset(40)] internal int Status;
    [FieldOffset(48)] internal long Constant;
    [FieldOffset(56)] internal long Precision;
    [FieldOffset(64)] internal long Tolerance;
    [FieldOffset(72)] internal Timeval Time;

    /// <summary>Microseconds between two ticks.</summary>
    [FieldOffset(88)] internal long Tick;
}
