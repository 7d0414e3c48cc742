namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    /// <summary>Linux: <c>clear_child_tid</c>: zeroed and woken as a futex when the thread ends (set_tid_address(2)); 0 for none.</summary>
    internal ulong ClearChildTid { get; set; }
}
