using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Loader;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>execve(2) and execveat(2).</summary>
[SyscallFamily(SyscallClasses.Process)]
internal static class ExecSyscalls
{
    [Syscall(59, "execve")]
    internal static SyscallResult Execve(GuestThread thread, UserPtr<byte> path, [ShownBy(nameof(TraceWriter.Strings))] ulong arguments, [ShownBy(nameof(TraceWriter.Environment))] ulong environment) =>
        Execveat(thread, UserPath.AT_FDCWD, path, arguments, environment, AtFlags.None);

    [Syscall(322, "execveat")]
    internal static SyscallResult Execveat(GuestThread thread, int directory, UserPtr<byte> path, [ShownBy(nameof(TraceWriter.Strings))] ulong arguments, [ShownBy(nameof(TraceWriter.Environment))] ulong environment, AtFlags flags)
    {
        if ((flags & ~(AtFlags.AT_EMPTY_PATH | AtFlags.AT_SYMLINK_NOFOLLOW)) != 0)
            return Errno.EINVAL;
        var name = UserPath.Read(thread, directory, path);
        if (name.Error != Errno.None)
            return name.Error;
        if (thread.Attributes.HasExceededProcesses)
        {
            if (thread.Process.Tasks.IsOverLimit(thread, thread.Credentials, 0))
                return Errno.EAGAIN;
            thread.Attributes.HasExceededProcesses = false;
        }
        if (name.Text.IsEmpty && (flags & AtFlags.AT_EMPTY_PATH) == 0)
            return Errno.ENOENT;
        var opened = name.Text.IsEmpty
            ? FileOpening.OpenForExec(thread.FsCaller, name.Start)
            : FileOpening.OpenForExec(thread.FsCaller, name.Start, name.Text, (flags & AtFlags.AT_SYMLINK_NOFOLLOW) == 0);
        if (!opened.TryGet(out var file))
            return opened.Error;
        var limit = thread.Process.StackLimit;
        var strings = ArgumentStrings.FromUser(thread.Memory, arguments, ArgumentLimits.For(limit));
        var variables = strings.IsOk ? ArgumentStrings.FromUser(thread.Memory, environment, ArgumentLimits.For(limit)) : strings.Error;
        if (!variables.IsOk)
        {
            file.Release();
            return variables.Error;
        }
        var isAbsolute = directory == UserPath.AT_FDCWD || (!name.Text.IsEmpty && name.Text[0] == '/');
        var request = new ExecRequest(thread.Machine.Loader, thread.FsCaller, file, isAbsolute ? name.Text.ToArray() : DescriptorName(directory, name.Text), strings.Value, variables.Value)
        {
            StackLimit = limit,
            IgnoresSetId = thread.Attributes.NoNewPrivileges,
            PathInaccessible = !isAbsolute && thread.Files.GetCloseOnExec(directory),
        };
        return thread.Execute(request);
    }

    /// <summary>Linux: <c>alloc_bprm</c>: how a script's interpreter finds what only a descriptor names.</summary>
    private static byte[] DescriptorName(int directory, ReadOnlySpan<byte> path)
    {
        var text = new List<byte>(Encoding.ASCII.GetBytes($"/dev/fd/{directory}"));
        if (!path.IsEmpty)
            text.Add((byte)'/');
        text.AddRange(path);
        return [.. text];
    }
}
