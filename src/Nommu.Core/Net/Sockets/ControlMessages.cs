using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Sockets;

/// <summary>Linux: net/core/scm.c. The control messages of sendmsg(2) and recvmsg(2): open files and credentials (unix(7), cmsg(3)).</summary>
internal static class ControlMessages
{
    /// <summary>Linux: SCM_MAX_FD.</summary>
    private const int MaximumFiles = 253;

    /// <summary>Linux: net.core.optmem_max, since 6.8.</summary>
    private const int MaximumLength = 131072;

    private const int HeadLength = 16;

    /// <summary>Linux: <c>scm_send</c>: takes in what a sender gave.</summary>
    /// <returns>EINVAL, EBADF, EPERM, ESRCH, ENOBUFS, EFAULT; the message keeps what had been taken by then.</returns>
    internal static Errno Read(in Msghdr header, ref OutgoingMessage message)
    {
        if (header.ControlLength > MaximumLength)
            return Errno.ENOBUFS;
        if (header.ControlLength < HeadLength)
            return Errno.None;
        var control = new byte[(int)header.ControlLength];
        if (message.Thread.Memory.Read(header.Control, control) != Errno.None)
            return Errno.EFAULT;
        ReadOnlySpan<byte> rest = control;
        while (rest.Length >= HeadLength)
        {
            var head = MemoryMarshal.Read<Cmsghdr>(rest);
            if (head.Length < HeadLength || head.Length > (ulong)rest.Length)
                return Errno.EINVAL;
            if (head.Level == SocketLevel.SOL_SOCKET)
            {
                var error = ReadOne(head.Type, rest[HeadLength..(int)head.Length], ref message);
                if (error != Errno.None)
                    return error;
            }
            rest = rest[Math.Min(Aligned((int)head.Length), rest.Length)..];
        }
        return Errno.None;
    }

    /// <summary>Linux: <c>scm_recv</c>: hands over what came along, as far as there is room for it.</summary>
    /// <param name="thread">The receiver, whose descriptors the files become.</param>
    /// <param name="header">Where to; <see cref="Msghdr.ControlLength"/> becomes what was written.</param>
    /// <param name="message">Its files are gone afterwards.</param>
    /// <param name="credentials">SO_PASSCRED.</param>
    internal static void Write(GuestThread thread, ref Msghdr header, ref IncomingMessage message, bool credentials)
    {
        var control = new ControlWriter(thread.Memory, header.Control, header.ControlLength);
        if (credentials)
        {
            // Linux: overflowuid and overflowgid, for what was sent when nobody asked.
            var sender = message.Credentials ?? new Ucred(0, 65534, 65534);
            control.Add(ControlMessage.SCM_CREDENTIALS, MemoryMarshal.AsBytes(new ReadOnlySpan<Ucred>(in sender)));
        }
        if (message.Files is { } files)
        {
            message.Files = null;
            AddFiles(thread, ref control, files, (message.Flags & MessageFlags.MSG_CMSG_CLOEXEC) != 0);
        }
        header.ControlLength = control.Written;
        if (control.IsTruncated)
            message.Answer |= MessageFlags.MSG_CTRUNC;
    }

    private static Errno ReadOne(ControlMessage type, ReadOnlySpan<byte> data, ref OutgoingMessage message)
    {
        switch (type)
        {
            case ControlMessage.SCM_RIGHTS:
                return ReadFiles(MemoryMarshal.Cast<byte, int>(data), ref message);
            case ControlMessage.SCM_CREDENTIALS when data.Length == Marshal.SizeOf<Ucred>():
                var claimed = MemoryMarshal.Read<Ucred>(data);
                message.Credentials = claimed;
                return CheckCredentials(message.Thread, claimed);
            default:
                return Errno.EINVAL;
        }
    }

    private static Errno ReadFiles(ReadOnlySpan<int> descriptors, ref OutgoingMessage message)
    {
        var files = new List<FileDescription>(message.Files ?? []);
        if (descriptors.Length + files.Count > MaximumFiles)
            return Errno.EINVAL;
        var error = Errno.None;
        foreach (var fd in descriptors)
        {
            using var use = message.Thread.Files.Get(fd);
            if (use.Opened is not { } file)
            {
                error = Errno.EBADF;
                break;
            }
            files.Add(file.Retain());
        }
        message.Files = files.Count > 0 ? [.. files] : null;
        return error;
    }

    /// <summary>Linux: <c>scm_check_creds</c>: who is not privileged says the truth.</summary>
    private static Errno CheckCredentials(GuestThread thread, Ucred claimed)
    {
        var own = thread.Credentials;
        if ((claimed.Pid != thread.Process.Id && !own.Has(Capability.CAP_SYS_ADMIN))
            || (claimed.Uid != own.Uid && claimed.Uid != own.Euid && claimed.Uid != own.Suid && !own.Has(Capability.CAP_SETUID))
            || (claimed.Gid != own.Gid && claimed.Gid != own.Egid && claimed.Gid != own.Sgid && !own.Has(Capability.CAP_SETGID)))
            return Errno.EPERM;
        return thread.Machine.Tasks.Find(claimed.Pid) is null ? Errno.ESRCH : Errno.None;
    }

    /// <summary>Linux: <c>scm_detach_fds</c>: as many as there is room for; the rest is closed.</summary>
    private static void AddFiles(GuestThread thread, ref ControlWriter control, FileDescription[] files, bool closeOnExec)
    {
        Span<int> descriptors = stackalloc int[MaximumFiles];
        var room = Math.Min(control.Room(sizeof(int)), files.Length);
        var count = 0;
        var taken = 0;
        while (taken < room)
        {
            // The table takes the reference over on failure, too.
            var added = thread.Files.Add(files[taken++], closeOnExec);
            if (!added.IsOk)
                break;
            descriptors[count++] = added.Value;
        }
        foreach (var file in files.AsSpan(taken))
            file.Release();
        if (count > 0)
            control.Add(ControlMessage.SCM_RIGHTS, MemoryMarshal.AsBytes(descriptors[..count]));
        if (count < files.Length)
            control.IsTruncated = true;
    }

    private static int Aligned(int length) => (length + 7) & ~7;

    /// <summary>Linux: <c>put_cmsg</c>.</summary>
    private ref struct ControlWriter(UserMemory memory, ulong address, ulong length)
    {
        private ulong _left = address == 0 ? 0 : length;

        internal ulong Written { get; private set; }

        internal bool IsTruncated { get; set; }

        /// <summary>How many more items of a message fit.</summary>
        internal readonly int Room(int size) => _left <= HeadLength ? 0 : (int)Math.Min((_left - HeadLength) / (ulong)size, int.MaxValue);

        internal void Add(ControlMessage type, scoped ReadOnlySpan<byte> data)
        {
            if (_left < HeadLength)
            {
                IsTruncated = true;
                return;
            }
            var total = (ulong)(HeadLength + data.Length);
            if (total > _left)
            {
                IsTruncated = true;
                total = _left;
            }
            var head = new Cmsghdr { Length = total, Level = SocketLevel.SOL_SOCKET, Type = type };
            if (memory.Write(new UserPtr<Cmsghdr>(address + Written), head) != Errno.None
                || memory.Write(address + Written + HeadLength, data[..(int)(total - HeadLength)]) != Errno.None)
                return;
            var step = Math.Min((ulong)Aligned((int)total), _left);
            Written += step;
            _left -= step;
        }
    }
}
