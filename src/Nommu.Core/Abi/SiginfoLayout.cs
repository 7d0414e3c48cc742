namespace Nommu.Core.Abi;

/// <summary>Linux: <c>enum siginfo_layout</c>: which member of the union in <c>siginfo_t</c> a signal uses.</summary>
internal enum SiginfoLayout
{
    SIL_KILL,
    SIL_TIMER,
    SIL_POLL,
    SIL_FAULT,
    SIL_CHLD,
    SIL_RT,
    SIL_SYS,
}
