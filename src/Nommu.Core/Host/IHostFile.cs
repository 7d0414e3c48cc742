namespace Nommu.Core.Host;

/// <summary>A file of the host that can be mapped: at a descriptor, of a size.</summary>
internal interface IHostFile
{
    /// <summary>The host's descriptor, for mappings.</summary>
    int Descriptor { get; }

    /// <summary>Bytes in it, up to a whole page. Pages mapped from there on are faults (SIGBUS).</summary>
    long Size { get; }
}
