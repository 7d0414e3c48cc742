namespace Nommu.Core.Memory;

/// <summary>What the run loop asks of rewritten text.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Some program text in it may use vector registers wider than 128 bits, so calls keep them all.</summary>
    internal bool UsesVectorExtensions { get; set; }

    /// <summary>A system call came from an instruction that was not rewritten.</summary>
    internal void RememberTrappedSite(ulong address)
    {
    }
}
