using Nommu.Core.Abi;
using Nommu.Core.Ipc;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: <c>sysvipc_proc_iface</c>: /proc/sysvipc/shm, sem and msg.</summary>
internal static class SysvIpc
{
    internal static void ShowSegments(SystemVIpc ipc, SeqText text)
    {
        text.Add("       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n"u8);
        foreach (var (id, status) in ipc.SharedMemory.Snapshot())
        {
            Begin(text, id, status.Perm);
            text.Add($" {status.Size,21} {status.CreatorPid,5} {status.LastPid,5}  {status.Attaches,5} ");
            ShowIds(text, status.Perm);
            var resident = Memory.Arena.PageUp(status.Size);
            text.Add($" {status.AttachTime,10} {status.DetachTime,10} {status.ChangeTime,10} {resident,21} {0,21}\n");
        }
    }

    internal static void ShowSemaphores(SystemVIpc ipc, SeqText text)
    {
        text.Add("       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"u8);
        foreach (var (id, status) in ipc.Semaphores.Snapshot())
        {
            Begin(text, id, status.Perm);
            text.Add($" {status.Count,10} ");
            ShowIds(text, status.Perm);
            text.Add($" {status.OperationTime,10} {status.ChangeTime,10}\n");
        }
    }

    internal static void ShowQueues(SystemVIpc ipc, SeqText text)
    {
        text.Add("       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n"u8);
        foreach (var (id, status) in ipc.MessageQueues.Snapshot())
        {
            Begin(text, id, status.Perm);
            text.Add($"  {status.Bytes,10} {status.Count,10} {status.SenderPid,5} {status.ReceiverPid,5} ");
            ShowIds(text, status.Perm);
            text.Add($" {status.SendTime,10} {status.ReceiveTime,10} {status.ChangeTime,10}\n");
        }
    }

    private static void Begin(SeqText text, int id, in IpcPerm perm) => text.Add($"{perm.Key,10} {id,10}  {Convert.ToString(perm.Mode, 8),4}");

    private static void ShowIds(SeqText text, in IpcPerm perm) => text.Add($"{perm.Uid,5} {perm.Gid,5} {perm.CreatorUid,5} {perm.CreatorGid,5}");
}
