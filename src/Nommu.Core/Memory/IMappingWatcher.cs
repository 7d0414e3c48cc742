namespace Nommu.Core.Memory;

/// <summary>Linux: <c>open</c> and <c>close</c> of <c>vm_operations_struct</c>: is told of each piece that a mapping is cut into and of each that goes. Under the address space's lock.</summary>
internal interface IMappingWatcher
{
    /// <summary>There is one piece more; the first is one, too.</summary>
    void Opened();

    /// <summary>There is one piece less.</summary>
    void Closed();
}
