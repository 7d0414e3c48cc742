using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Tests.Abi;

/// <summary>The numbers and structs of Abi/ against the headers of the machine the tests run on.</summary>
public class HeaderTests
{
    private static readonly Type[] Types = typeof(Errno).Assembly.GetTypes().Where(type => type.Namespace == "Nommu.Core.Abi").ToArray();

    [Test]
    public async Task EveryConstantIsAsInTheHeaders()
    {
        var ours = new List<(string Owner, string Name, long Value)>();
        foreach (var type in Types.Where(type => type.IsEnum))
        {
            foreach (var field in type.GetFields(BindingFlags.Static | BindingFlags.Public))
                ours.Add((type.Name, type == typeof(SystemCallNumber) ? "__NR_" + field.Name : field.Name, AsLong(field.GetRawConstantValue()!)));
        }
        foreach (var type in Types.Where(type => !type.IsEnum))
        {
            foreach (var field in type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public).Where(field => field.IsLiteral && field.FieldType.IsPrimitive))
                ours.Add((type.Name, field.Name, AsLong(field.GetRawConstantValue()!)));
        }
        var theirs = await HeaderProgram.EvaluateAsync(ours.Select(constant => constant.Name).Distinct(), true);
        var compared = ours.Where(constant => theirs.ContainsKey(constant.Name)).ToList();
        Assert.That(compared.Where(constant => (uint)theirs[constant.Name] != (uint)constant.Value).Select(constant => $"{constant.Owner}.{constant.Name} = {constant.Value}, not {theirs[constant.Name]}"), Is.Empty);
        Assert.That(compared, Has.Count.GreaterThan(1000));
    }

    private static readonly Dictionary<string, Type> Structs = new()
    {
        ["struct stat"] = typeof(Stat),
        ["struct statx"] = typeof(Statx),
        ["struct statx_timestamp"] = typeof(StatxTimestamp),
        ["struct statfs"] = typeof(Statfs),
        ["struct timespec"] = typeof(Timespec),
        ["struct timeval"] = typeof(Timeval),
        ["struct timezone"] = typeof(Timezone),
        ["struct itimerval"] = typeof(Itimerval),
        ["struct itimerspec"] = typeof(Itimerspec),
        ["struct rusage"] = typeof(Rusage),
        ["struct tms"] = typeof(Tms),
        ["struct rlimit"] = typeof(Rlimit),
        ["struct new_utsname"] = typeof(Utsname),
        ["struct sysinfo"] = typeof(Sysinfo),
        ["struct iovec"] = typeof(Iovec),
        ["struct pollfd"] = typeof(PollFd),
        ["struct epoll_event"] = typeof(EpollEvent),
        ["struct sigaction"] = typeof(Sigaction),
        ["siginfo_t"] = typeof(Siginfo),
        ["sigset_t"] = typeof(SigSet),
        ["stack_t"] = typeof(StackT),
        ["struct sigcontext_64"] = typeof(Sigcontext),
        ["struct _fpx_sw_bytes"] = typeof(FpxSwBytes),
        ["struct sigevent"] = typeof(Sigevent),
        ["struct termios"] = typeof(Termios),
        ["struct termios2"] = typeof(Termios2),
        ["struct termio"] = typeof(Termio),
        ["struct winsize"] = typeof(Winsize),
        ["struct flock"] = typeof(Flock),
        ["struct f_owner_ex"] = typeof(FileOwner),
        ["struct __user_cap_header_struct"] = typeof(CapabilityHeader),
        ["struct __user_cap_data_struct"] = typeof(CapabilityData),
        ["struct clone_args"] = typeof(CloneArgs),
        ["struct robust_list_head"] = typeof(RobustListHead),
        ["struct open_how"] = typeof(OpenHow),
        ["struct inotify_event"] = typeof(InotifyEvent),
        ["struct ipc64_perm"] = typeof(IpcPerm),
        ["struct shmid64_ds"] = typeof(ShmidDs),
        ["struct shminfo64"] = typeof(Shminfo),
        ["struct shm_info"] = typeof(ShmInfo),
        ["struct semid64_ds"] = typeof(SemidDs),
        ["struct seminfo"] = typeof(Seminfo),
        ["struct sembuf"] = typeof(Sembuf),
        ["struct msqid64_ds"] = typeof(MsqidDs),
        ["struct msginfo"] = typeof(Msginfo),
    };

    [Test]
    public async Task EveryStructHasItsSize()
    {
        var theirs = await HeaderProgram.EvaluateAsync(Structs.Keys.Select(name => $"sizeof({name})"), false);
        Assert.Multiple(() =>
        {
            foreach (var (name, type) in Structs)
                Assert.That(Marshal.SizeOf(type), Is.EqualTo(theirs[$"sizeof({name})"]), name);
        });
    }

    private static readonly (string C, Type Type, string Field)[] Fields =
    [
        ("struct stat, st_size", typeof(Stat), "Size"),
        ("struct stat, st_mode", typeof(Stat), "Mode"),
        ("struct stat, st_rdev", typeof(Stat), "Rdev"),
        ("struct stat, st_atime", typeof(Stat), "AccessTime"),
        ("struct stat, st_ctime_nsec", typeof(Stat), "ChangeTime+8"),
        ("struct statx, stx_ino", typeof(Statx), "Ino"),
        ("struct statx, stx_attributes_mask", typeof(Statx), "AttributesMask"),
        ("struct statx, stx_mtime", typeof(Statx), "ModifyTime"),
        ("struct statx, stx_dev_minor", typeof(Statx), "DevMinor"),
        ("struct statx, stx_mnt_id", typeof(Statx), "MountId"),
        ("struct rusage, ru_maxrss", typeof(Rusage), "MaximumResidentSet"),
        ("struct rusage, ru_inblock", typeof(Rusage), "BlocksIn"),
        ("struct rusage, ru_nivcsw", typeof(Rusage), "InvoluntarySwitches"),
        ("struct sysinfo, procs", typeof(Sysinfo), "Processes"),
        ("struct sysinfo, totalhigh", typeof(Sysinfo), "TotalHigh"),
        ("struct sysinfo, mem_unit", typeof(Sysinfo), "MemoryUnit"),
        ("struct pollfd, revents", typeof(PollFd), "Returned"),
        ("struct sigaction, sa_mask", typeof(Sigaction), "Mask"),
        ("siginfo_t, si_pid", typeof(Siginfo), "Pid"),
        ("siginfo_t, si_status", typeof(Siginfo), "Status"),
        ("siginfo_t, si_utime", typeof(Siginfo), "UserTime"),
        ("siginfo_t, si_value", typeof(Siginfo), "Value"),
        ("siginfo_t, si_addr", typeof(Siginfo), "Address"),
        ("siginfo_t, si_overrun", typeof(Siginfo), "Overrun"),
        ("siginfo_t, si_band", typeof(Siginfo), "Band"),
        ("siginfo_t, si_fd", typeof(Siginfo), "Fd"),
        ("siginfo_t, si_syscall", typeof(Siginfo), "Syscall"),
        ("siginfo_t, si_arch", typeof(Siginfo), "Architecture"),
        ("stack_t, ss_size", typeof(StackT), "Size"),
        ("struct sigcontext_64, ip", typeof(Sigcontext), "Rip"),
        ("struct sigcontext_64, ss", typeof(Sigcontext), "Ss"),
        ("struct sigcontext_64, trapno", typeof(Sigcontext), "TrapNumber"),
        ("struct sigcontext_64, fpstate", typeof(Sigcontext), "FpState"),
        ("struct _fpx_sw_bytes, xfeatures", typeof(FpxSwBytes), "Features"),
        ("struct _fpx_sw_bytes, xstate_size", typeof(FpxSwBytes), "XStateSize"),
        ("struct ucontext, uc_stack", typeof(Ucontext), "Stack"),
        ("struct ucontext, uc_mcontext", typeof(Ucontext), "Context"),
        ("struct ucontext, uc_sigmask", typeof(Ucontext), "Mask"),
        ("struct sigevent, sigev_notify", typeof(Sigevent), "Notify"),
        ("struct sigevent, sigev_notify_thread_id", typeof(Sigevent), "ThreadId"),
        ("struct termios, c_line", typeof(Termios), "Line"),
        ("struct termios, c_cc", typeof(Termios), "Characters"),
        ("struct termios2, c_ispeed", typeof(Termios2), "InputSpeed"),
        ("struct termio, c_cc", typeof(Termio), "Characters"),
        ("struct flock, l_whence", typeof(Flock), "Whence"),
        ("struct flock, l_pid", typeof(Flock), "Pid"),
        ("struct clone_args, set_tid", typeof(CloneArgs), "SetTid"),
        ("struct new_utsname, machine", typeof(Utsname), "Machine"),
        ("struct ipc64_perm, cgid", typeof(IpcPerm), "CreatorGid"),
        ("struct ipc64_perm, mode", typeof(IpcPerm), "Mode"),
        ("struct ipc64_perm, seq", typeof(IpcPerm), "Sequence"),
        ("struct shmid64_ds, shm_segsz", typeof(ShmidDs), "Size"),
        ("struct shmid64_ds, shm_ctime", typeof(ShmidDs), "ChangeTime"),
        ("struct shmid64_ds, shm_lpid", typeof(ShmidDs), "LastPid"),
        ("struct shmid64_ds, shm_nattch", typeof(ShmidDs), "Attaches"),
        ("struct shminfo64, shmall", typeof(Shminfo), "Shmall"),
        ("struct shm_info, shm_rss", typeof(ShmInfo), "Resident"),
        ("struct semid64_ds, sem_otime", typeof(SemidDs), "OperationTime"),
        ("struct semid64_ds, sem_ctime", typeof(SemidDs), "ChangeTime"),
        ("struct semid64_ds, sem_nsems", typeof(SemidDs), "Count"),
        ("struct seminfo, semaem", typeof(Seminfo), "Semaem"),
        ("struct msqid64_ds, msg_ctime", typeof(MsqidDs), "ChangeTime"),
        ("struct msqid64_ds, msg_qbytes", typeof(MsqidDs), "Limit"),
        ("struct msqid64_ds, msg_lrpid", typeof(MsqidDs), "ReceiverPid"),
        ("struct msginfo, msgseg", typeof(Msginfo), "Msgseg"),
    ];

    [Test]
    public async Task FieldsLieWhereTheyLieInC()
    {
        var theirs = await HeaderProgram.EvaluateAsync(Fields.Select(field => $"offsetof({field.C})"), false);
        Assert.Multiple(() =>
        {
            foreach (var (c, type, field) in Fields)
            {
                var parts = field.Split('+');
                var offset = Marshal.OffsetOf(type, parts[0]) + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0);
                Assert.That((long)offset, Is.EqualTo(theirs[$"offsetof({c})"]), c);
            }
        });
    }

    private static long AsLong(object value) => value is ulong big ? unchecked((long)big) : Convert.ToInt64(value, CultureInfo.InvariantCulture);
}
