using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Nommu.Core.Abi;
using Nommu.Core.Boot;
using Nommu.Core.Fs;
using Nommu.Core.Loader;
using Nommu.Core.Rewriter;
using Nommu.Core.Syscalls;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core;

/// <summary>What a host may say of a kernel, a line each.</summary>
public static class KernelBuilderExtensions
{
    private const DynamicallyAccessedMemberTypes Constructors = DynamicallyAccessedMemberTypes.PublicConstructors;
    private const InodeMode ForEveryone = (InodeMode)0x1B6;

    /// <summary>Fills the root file system from a directory of the host; changes stay in the guest.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="path">A directory.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder UseRootDirectory(this KernelBuilder builder, string path) => UseRoot(builder, path);

    /// <summary>Fills the root file system from an archive: tar or cpio, gzipped or not.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="path">A file.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder UseRootArchive(this KernelBuilder builder, string path) => UseRoot(builder, path);

    /// <summary>
    /// Makes a directory of the host the root, most often <c>/</c>: guests see its files with their owners and permissions, and run its programs. Nothing is read before it is asked for, nothing is ever written
    /// to it; what guests change stays in memory. Over it lie the guests' own /dev, /proc, /sys, /run and /tmp.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="directory">On the host. Guests do not get out of it, neither upwards nor by a link.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder UseHostRoot(this KernelBuilder builder, string directory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        builder.Options.HostRoot = directory;
        return builder;
    }

    /// <summary>Puts a directory or an archive of the host into the root file system, besides what fills it.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="guestPath">Where: an absolute path of the guest.</param>
    /// <param name="source">A directory or an archive.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder AddRootDirectory(this KernelBuilder builder, string guestPath, string source)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(guestPath);
        builder.Options.Additions.Add(new(guestPath, source));
        return builder;
    }

    /// <summary>Sets the kernel command line.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="text">In Linux's words: <see cref="KernelCommandLine"/>.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder UseCommandLine(this KernelBuilder builder, string text)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Options.CommandLine = text;
        return builder;
    }

    /// <summary>Sends the boot log and the trace to a logger factory; without one they go to the host container's.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="factory">The factory.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder UseLogging(this KernelBuilder builder, ILoggerFactory factory) => Use(builder, ServiceDescriptor.Singleton(factory));

    /// <summary>Traces system calls from the beginning.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">What is shown, and where it goes.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder UseTrace(this KernelBuilder builder, SyscallTraceOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        builder.Options.Traces.Add(options);
        return builder;
    }

    /// <summary>Makes a clock the kernel's only one.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder UseClock(this KernelBuilder builder, TimeProvider clock) => Use(builder, ServiceDescriptor.Singleton(clock));

    /// <summary>Chooses how <c>syscall</c> instructions come to enter the kernel.</summary>
    /// <typeparam name="T"><see cref="DetourStrategy"/> (the default), <see cref="TrapStrategy"/>, or the host's own.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder UseRewriting<[DynamicallyAccessedMembers(Constructors)] T>(this KernelBuilder builder) where T : class, IRewritingStrategy =>
        Use(builder, ServiceDescriptor.Singleton<IRewritingStrategy, T>());

    /// <summary>Adds a binary format, or replaces the one of the same name.</summary>
    /// <typeparam name="T">The format.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder AddBinaryFormat<[DynamicallyAccessedMembers(Constructors)] T>(this KernelBuilder builder) where T : class, IBinaryFormat =>
        Add(builder, ServiceDescriptor.Singleton<IBinaryFormat, T>());

    /// <summary>Adds a file system type, or replaces the one of the same name.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder AddFileSystem<[DynamicallyAccessedMembers(Constructors)] T>(this KernelBuilder builder) where T : class, IFileSystemType =>
        Add(builder, ServiceDescriptor.Singleton<IFileSystemType, T>());

    /// <summary>Adds a character device, or replaces the one of the same name.</summary>
    /// <typeparam name="T">The driver; made by the kernel, its constructor's arguments from the kernel's services.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="name">Its path below /dev.</param>
    /// <param name="mode">Permissions of its node; everyone's by default.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder AddCharacterDevice<[DynamicallyAccessedMembers(Constructors)] T>(this KernelBuilder builder, string name, InodeMode mode = ForEveryone)
        where T : class, ICharacterDevice => Add(builder, ServiceDescriptor.Singleton(services => new DeviceRegistration(name, ActivatorUtilities.CreateInstance<T>(services), mode)));

    /// <summary>Adds a character device, or replaces the one of the same name.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">Its path below /dev.</param>
    /// <param name="driver">The driver.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder AddCharacterDevice(this KernelBuilder builder, string name, ICharacterDevice driver) => AddCharacterDevice(builder, name, driver, ForEveryone);

    /// <summary>Adds a character device, or replaces the one of the same name.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">Its path below /dev.</param>
    /// <param name="driver">The driver.</param>
    /// <param name="mode">Permissions of its node.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder AddCharacterDevice(this KernelBuilder builder, string name, ICharacterDevice driver, InodeMode mode) =>
        Add(builder, ServiceDescriptor.Singleton(new DeviceRegistration(name, driver, mode)));

    /// <summary>Adds a system call of the host's own, or puts one in the place of ours.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="number">0 to 1023.</param>
    /// <param name="handler">Called on the calling thread.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder AddSystemCall(this KernelBuilder builder, int number, SystemCallHandler handler) => WrapSystemCall(builder, number, _ => handler);

    /// <summary>Puts something around a system call.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="number">0 to 1023.</param>
    /// <param name="wrap">Gets what there is, and gives what shall be.</param>
    /// <returns>The builder.</returns>
    public static KernelBuilder WrapSystemCall(this KernelBuilder builder, int number, Func<SystemCallHandler, SystemCallHandler> wrap) =>
        Add(builder, ServiceDescriptor.Singleton(new SystemCallRegistration(number, wrap)));

    private static KernelBuilder UseRoot(KernelBuilder builder, string path)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        builder.Options.Root = path;
        return builder;
    }

    private static KernelBuilder Use(KernelBuilder builder, ServiceDescriptor service)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Replace(service);
        return builder;
    }

    private static KernelBuilder Add(KernelBuilder builder, ServiceDescriptor service)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Add(service);
        return builder;
    }
}
