namespace Nommu.Core.Execution;

/// <summary>Everything a processor holds of a guest thread while another one has it: what a vfork parent leaves behind until its child has gone, and what a new thread begins with.</summary>
internal sealed class GuestCpuState(int xstateSize)
{
    internal GuestRegisters Registers;

    internal ulong FsBase;

    internal ulong GsBase;

    internal byte[] XState { get; } = new byte[xstateSize];
}
