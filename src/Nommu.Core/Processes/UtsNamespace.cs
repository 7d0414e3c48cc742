using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct uts_namespace</c>: what uname(2) says of a kernel. One per kernel.</summary>
internal sealed class UtsNamespace
{
    /// <summary>New enough for every musl, glibc and busybox of today; what is missing answers ENOSYS as in an older kernel.</summary>
    internal const string Release = "6.1.0-nommu";

    internal const string SystemName = "Linux";

    internal const string MachineName = "x86_64";

    /// <summary>sethostname(2); up to 64 bytes.</summary>
    internal UtsnameField NodeName { get; set; } = UtsnameField.From("(none)");

    /// <summary>setdomainname(2).</summary>
    internal UtsnameField DomainName { get; set; } = UtsnameField.From("(none)");

    /// <summary>As <c>uname -v</c> shows it.</summary>
    internal string Version { get; init; } = "#1 Nommu.Core";
}
