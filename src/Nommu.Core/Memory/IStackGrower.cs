namespace Nommu.Core.Memory;

/// <summary>Who can make memory be there that a copy has missed.</summary>
internal interface IStackGrower
{
    /// <summary>Linux: <c>lock_mm_and_find_vma</c>, for a fault of the kernel's own.</summary>
    /// <param name="address">What is missing.</param>
    /// <param name="isWrite">What for.</param>
    /// <returns>True where it is worth trying again.</returns>
    bool TryGrow(ulong address, bool isWrite);
}
