using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>What the kernel keeps about time beside its clock.</summary>
internal sealed partial class Machine
{
    private Timezone _timezone;

    /// <summary>Linux: <c>sys_tz</c>, which the kernel itself makes nothing of.</summary>
    internal Timezone Timezone
    {
        get
        {
            lock (Tasks.Lock)
                return _timezone;
        }
        set
        {
            lock (Tasks.Lock)
                _timezone = value;
        }
    }
}
