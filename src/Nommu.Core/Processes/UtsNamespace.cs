using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct uts_namespace</c>: what uname(2) says of a kernel. Its lock guards the names.</summary>
/// <param name="number">Which.</param>
internal sealed class UtsNamespace(uint number = Namespace.FirstUts) : Namespace(number)
{
    /// <summary>New enough for every musl, glibc and busybox of today; what is missing answers ENOSYS as in an older kernel.</summary>
    internal const string Release = "6.1.0-nommu";

    internal const string SystemName = "Linux";

    internal const string MachineName = "x86_64";

    /// <summary>sethostname(2); up to 64 bytes.</summary>
    internal UtsnameField NodeName { get; set; } = UtsnameField.From("(none)");

    /// <summary>setdomainname(2).</summary>
    internal UtsnameField DomainName { get; set; } = UtsnameField.From("(none)");

    internal override string Kind => "uts";

    internal override CloneFlags Flag => CloneFlags.CLONE_NEWUTS;

    /// <summary>Linux: <c>clone_uts_ns</c>.</summary>
    internal UtsNamespace Copy(uint number)
    {
        lock (this)
            return new UtsNamespace(number) { NodeName = NodeName, DomainName = DomainName, Version = Version };
    }

    /// <summary>As <c>uname -v</c> shows it.</summary>
    internal string Version { get; init; } = "#1 Nommu.Core";
}
