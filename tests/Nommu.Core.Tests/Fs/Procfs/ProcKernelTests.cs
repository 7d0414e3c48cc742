using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Fs.Procfs;

public sealed class ProcKernelTests : IDisposable
{
    private readonly ProcMachine _machine = new();
    private readonly GuestThread _init;

    public ProcKernelTests() => _init = _machine.Start("init");

    public void Dispose() => _machine.Dispose();

    private string Read(string path) => ProcMachine.Read(_init, path).Value!;

    private static string[] Host(string path) => File.ReadAllLines(path);

    [Test]
    public void MemoryIsWhatTheKernelMayUse()
    {
        var lines = Read("/proc/meminfo").TrimEnd('\n').Split('\n');
        Assert.That(lines[0], Is.EqualTo("MemTotal:          65536 kB"));
        var host = Host("/proc/meminfo").Select(line => line.Split(':')[0]).ToList();
        var ours = lines.Select(line => line.Split(':')[0]).ToList();
        Assert.That(ours.Where(host.Contains), Is.EqualTo(host.Where(ours.Contains)));
        Assert.That(lines[0], Has.Length.EqualTo(Host("/proc/meminfo")[0].Length));
    }

    [Test]
    public void ProcessorsAreTheHosts()
    {
        var ours = Read("/proc/cpuinfo");
        var host = File.ReadAllText("/proc/cpuinfo");
        foreach (var label in new[] { "vendor_id", "cpu family", "model\t", "stepping", "address sizes", "clflush size" })
            Assert.That(Line(ours, label), Is.EqualTo(Line(host, label)));
        Assert.That(Flags(ours), Is.SubsetOf(Flags(host)).And.Contains("sse2"));

        static string Line(string text, string label) => text.Split('\n').First(line => line.StartsWith(label, StringComparison.Ordinal));

        static string[] Flags(string text) => Line(text, "flags").Split(": ")[1].Split(' ');
    }

    [Test]
    public void TimesHaveLinuxsForm()
    {
        Assert.That(Read("/proc/uptime"), Does.Match(@"^\d+\.\d\d \d+\.\d\d\n$"));
        Assert.That(Read("/proc/loadavg"), Is.EqualTo("0.00 0.00 0.00 1/1 1\n"));
        var ours = Read("/proc/stat").TrimEnd('\n').Split('\n');
        var host = Host("/proc/stat");
        Assert.That(ours.Select(Label), Is.EqualTo(host.Select(Label)));
        Assert.That(ours[0].Split(' '), Has.Length.EqualTo(host[0].Split(' ').Length));

        static string Label(string line) => line.Split(' ')[0];
    }

    [Test]
    public void TheKernelNamesItself()
    {
        Assert.That(Read("/proc/version"), Does.StartWith("Linux version 6.1.0-nommu "));
        Assert.That(Read("/proc/cmdline"), Is.EqualTo("quiet mem=64m\n"));
        Assert.That(Read("/proc/sys/kernel/ostype"), Is.EqualTo("Linux\n"));
        Assert.That(Read("/proc/filesystems"), Does.Contain("nodev\tproc\n"));
        var (uuid, boot) = (Read("/proc/sys/kernel/random/uuid"), Read("/proc/sys/kernel/random/boot_id"));
        Assert.That(Read("/proc/sys/kernel/random/uuid"), Is.Not.EqualTo(uuid));
        Assert.That(Read("/proc/sys/kernel/random/boot_id"), Is.EqualTo(boot));
    }

    [Test]
    public void MountsAreThoseBelowTheRoot()
    {
        Assert.That(Read("/proc/mounts"), Is.EqualTo("rootfs / tmpfs rw 0 0\nproc /proc proc rw,nosuid,relatime 0 0\n"));
        var fields = Read("/proc/self/mountinfo").TrimEnd('\n').Split('\n')[1].Split(' ');
        Assert.That(fields[3..], Is.EqualTo(new[] { "/", "/proc", "rw,nosuid,relatime", "-", "proc", "proc", "rw" }));
    }

    [Test]
    public void AMountWakesWhoWatches()
    {
        var file = ProcMachine.Open(_init, "/proc/mounts").Value!;
        Assert.That(file.Poll(null), Is.EqualTo(PollEvents.POLLIN | PollEvents.POLLRDNORM));
        Assert.That(MountOperations.Perform(_init.FsCaller, _init.Fs.Root, "t"u8, "tmpfs", MountFlags.None, default), Is.EqualTo(Errno.None));
        Assert.That(file.Poll(null) & PollEvents.POLLPRI, Is.EqualTo(PollEvents.POLLPRI));
        Assert.That(file.Poll(null), Is.EqualTo(PollEvents.POLLIN | PollEvents.POLLRDNORM));
        file.Release();
    }

    [Test]
    public void ParametersAreSetAsInLinux()
    {
        Assert.That(ProcMachine.Write(_init, "/proc/sys/kernel/hostname", "box\nrest"), Is.EqualTo(Errno.None));
        Assert.That(Read("/proc/sys/kernel/hostname"), Is.EqualTo("box\n"));
        Assert.That(ProcMachine.Write(_init, "/proc/sys/kernel/pid_max", "400\n"), Is.EqualTo(Errno.None));
        Assert.That(_machine.Machine.Tasks.Pids.Maximum, Is.EqualTo(400));
        Assert.That(ProcMachine.Write(_init, "/proc/sys/kernel/pid_max", "300"), Is.EqualTo(Errno.EINVAL));
        Assert.That(ProcMachine.Write(_init, "/proc/sys/kernel/pid_max", "many"), Is.EqualTo(Errno.EINVAL));
        Assert.That(ProcMachine.Open(_init, "/proc/sys/kernel/ostype", OpenFlags.O_WRONLY).Error, Is.EqualTo(Errno.EACCES));
        var user = _machine.Start("user", _init.Process, new Credentials { Uid = 1, Euid = 1, Suid = 1, Fsuid = 1, Gid = 1, Egid = 1, Sgid = 1, Fsgid = 1 });
        Assert.That(ProcMachine.Write(user, "/proc/sys/kernel/hostname", "x"), Is.EqualTo(Errno.EACCES));
    }

    [Test]
    public void NothingCanBeMade()
    {
        Assert.That(ProcMachine.Open(_init, "/proc/new", OpenFlags.O_WRONLY | OpenFlags.O_CREAT).Error, Is.EqualTo(Errno.ENOENT));
        Assert.That(ProcMachine.Open(_init, "/proc/self/new", OpenFlags.O_WRONLY | OpenFlags.O_CREAT).Error, Is.EqualTo(Errno.ENOENT));
        var stat = ProcMachine.Resolve(_init, "/proc/stat").Value;
        Assert.That(stat.Inode.Size, Is.Zero);
    }
}
