using System.Collections.ObjectModel;

namespace Nommu.Core.Processes;

/// <summary>Where one of a new process's standard streams leads.</summary>
public enum GuestStandardStream
{
    /// <summary>To the host, by a pipe: <see cref="GuestProcess.StandardInput"/> and its kin.</summary>
    Pipe,

    /// <summary>To /dev/null.</summary>
    Null,

    /// <summary>To the standard stream of the host process itself.</summary>
    Host,
}

/// <summary>What a host says of a process it starts, as <see cref="System.Diagnostics.ProcessStartInfo"/> does of the host's own.</summary>
public sealed class GuestProcessStartInfo
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Names a program.</summary>
    /// <param name="fileName">Its path in the guest; a name without a slash is looked for in PATH.</param>
    /// <param name="arguments">What comes behind argv[0].</param>
    public GuestProcessStartInfo(string fileName, params string[] arguments)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileName);
        ArgumentNullException.ThrowIfNull(arguments);
        FileName = fileName;
        ArgumentList = [.. arguments];
    }

    /// <summary>The program's path in the guest, or its name.</summary>
    public string FileName { get; set; }

    /// <summary>What comes behind argv[0].</summary>
    public Collection<string> ArgumentList { get; }

    /// <summary>argv[0] where it is not <see cref="FileName"/>.</summary>
    public string? ArgumentZero { get; set; }

    /// <summary>The environment; at first a PATH and a HOME.</summary>
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = DefaultPath, ["HOME"] = "/" };

    /// <summary>A directory of the guest.</summary>
    public string WorkingDirectory { get; set; } = "/";

    /// <summary>Whose rights it has.</summary>
    public Credentials Credentials { get; set; } = Credentials.Root;

    /// <summary>Descriptor 0.</summary>
    public GuestStandardStream StandardInput { get; set; }

    /// <summary>Descriptor 1.</summary>
    public GuestStandardStream StandardOutput { get; set; }

    /// <summary>Descriptor 2.</summary>
    public GuestStandardStream StandardError { get; set; }

    /// <summary>A terminal that becomes all three standard streams, and controls the process's session; null for none.</summary>
    public Drivers.Tty.GuestTerminal? Terminal { get; set; }
}
