using Nommu.Core.Processes;

namespace Nommu.Samples.Shell;

/// <summary>Who runs this, for programs that find the files of this machine: the same environment and the same place as outside.</summary>
internal static class HostUser
{
    private const string LastResort = "/bin/sh";

    /// <summary>The shell that the environment names, or else the one in /etc/passwd.</summary>
    internal static string Shell =>
        Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } named && File.Exists(named) ? named : FromPasswd() is { Length: > 0 } listed && File.Exists(listed) ? listed : LastResort;

    /// <summary>Gives a program the environment and the working directory of this process.</summary>
    internal static void Describe(GuestProcessStartInfo info)
    {
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            // What is meant for the runtime is not meant for its guests.
            if (variable is { Key: string name, Value: string value } && !name.StartsWith("DOTNET_", StringComparison.Ordinal) && !name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase))
                info.Environment[name] = value;
        }
        // Where the guests have something of their own, this directory may not be.
        var directory = Environment.CurrentDirectory;
        if (!Array.Exists(["/dev", "/proc", "/run", "/sys", "/tmp"], own => directory == own || directory.StartsWith(own + "/", StringComparison.Ordinal)))
            info.WorkingDirectory = directory;
    }

    private static string? FromPasswd()
    {
        var lines = File.Exists("/etc/passwd") ? File.ReadLines("/etc/passwd") : [];
        return lines.Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length == 7 && fields[0] == Environment.UserName)?[6];
    }
}
