namespace Nommu.Core.Memory;

/// <summary>Who can make memory be there that a copy has missed.</summary>
internal interface IFaultHandler
{
    /// <summary>Linux: <c>lock_mm_and_find_vma</c>, for a fault of the kernel's own.</summary>
    /// <param name="address">What is missing.</param>
    /// <param name="isWrite">What for.</param>
    /// <returns>True where it is worth trying again.</returns>
    bool TryGrow(ulong address, bool isWrite);

    /// <summary>Linux: <c>do_wp_page</c>, likewise: a copy has been refused, perhaps only since relatives see the page too, or nobody has touched that part of a stack yet. Whatever locks are held.</summary>
    /// <param name="address">What could not be read or written.</param>
    /// <param name="isWrite">Which of both.</param>
    /// <returns>True where it is worth trying again.</returns>
    bool TryRepair(ulong address, bool isWrite);
}
