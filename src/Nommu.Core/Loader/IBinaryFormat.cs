using Nommu.Core.Abi;

namespace Nommu.Core.Loader;

/// <summary>Linux: <c>struct linux_binfmt</c>. Turns a file into a program in memory. Differs: what can be loaded is registered as a service, so a host can add a format or replace one of ours by its name.</summary>
public interface IBinaryFormat
{
    /// <summary>Its name; of two formats with one name, the one registered last is used.</summary>
    string Name { get; }

    /// <summary>Linux: <c>load_binary</c>. Loads the file, or hands on to another.</summary>
    /// <param name="request">The file, its first bytes, arguments and environment, and the services of the kernel.</param>
    /// <returns>A program ready to run; ENOEXEC makes the kernel try the next format, any other error ends execve(2).</returns>
    Result<LoadedImage> Load(ExecRequest request);
}
