using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Pipes;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Fs.Procfs;

public sealed class ProcTaskTests : IDisposable
{
    private static readonly Credentials Someone = new() { Uid = 1000, Euid = 1000, Suid = 1000, Fsuid = 1000, Gid = 100, Egid = 100, Sgid = 100, Fsgid = 100 };

    private readonly ProcMachine _machine = new();
    private readonly GuestThread _init;
    private readonly GuestThread _shell;

    public ProcTaskTests()
    {
        _init = _machine.Start("init");
        _shell = _machine.Start("hush (x)", _init.Process);
    }

    public void Dispose() => _machine.Dispose();

    private static FileDescription Create(GuestThread thread, string path) => ProcMachine.Open(thread, path, OpenFlags.O_RDWR | OpenFlags.O_CREAT).Value!;

    [Test]
    public void SelfIsWhoLooks()
    {
        Assert.That(ProcMachine.ReadLink(_shell, "/proc/self").Value, Is.EqualTo("2"));
        Assert.That(ProcMachine.ReadLink(_init, "/proc/thread-self").Value, Is.EqualTo("1/task/1"));
        Assert.That(ProcMachine.Read(_shell, "/proc/self/comm").Value, Is.EqualTo("hush (x)\n"));
        Assert.That(ProcMachine.Read(_shell, "/proc/thread-self/comm").Value, Is.EqualTo("hush (x)\n"));
        Assert.That(ProcMachine.Read(_shell, "/proc/1/comm").Value, Is.EqualTo("init\n"));
    }

    [Test]
    public void ProcessesAreListedByPid()
    {
        var names = ProcMachine.List(_init, "/proc");
        Assert.That(names.TakeLast(2), Is.EqualTo(new[] { "1", "2" }));
        Assert.That(names, Does.Contain("self").And.Contain("meminfo"));
        Assert.That(ProcMachine.List(_init, "/proc/2/task"), Is.EqualTo(new[] { "2" }));
        Assert.That(ProcMachine.Resolve(_init, "/proc/3").Error, Is.EqualTo(Errno.ENOENT));
        Assert.That(ProcMachine.Resolve(_init, "/proc/02").Error, Is.EqualTo(Errno.ENOENT));
    }

    [Test]
    public void StatHasLinuxsFields()
    {
        var text = ProcMachine.Read(_shell, "/proc/self/stat").Value!;
        Assert.That(text, Does.StartWith("2 (hush (x)) R 1 1 1 0 -1 "));
        var host = File.ReadAllText("/proc/self/stat");
        static int Count(string line) => line[(line.LastIndexOf(')') + 2)..].TrimEnd('\n').Split(' ').Length;
        Assert.That(Count(text), Is.EqualTo(Count(host)));
        Assert.That(ProcMachine.Read(_shell, "/proc/self/statm").Value!.Split(' '), Has.Length.EqualTo(7));
    }

    [Test]
    public void StatusHasLinuxsLabelsInLinuxsOrder()
    {
        var ours = Labels(ProcMachine.Read(_shell, "/proc/self/status").Value!);
        var host = Labels(File.ReadAllText("/proc/self/status"));
        Assert.That(host.Where(ours.Contains), Is.EqualTo(ours.Where(host.Contains)));
        Assert.That(ours, Does.Contain("VmRSS").And.Contain("Threads").And.Contain("SigCgt"));

        static List<string> Labels(string text) => [.. text.TrimEnd('\n').Split('\n').Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)])];
    }

    [Test]
    public void MapsLookAsLinuxs()
    {
        var file = Create(_shell, "/lib one");
        Assert.That(file.Truncate(8192), Is.EqualTo(Errno.None));
        var space = _shell.Space;
        var mapped = space.Map(new MapRequest(0, 8192, MapProtection.PROT_READ, MapFlags.MAP_PRIVATE, file)).Value;
        var heap = space.Map(new MapRequest(0, 4096, MapProtection.PROT_READ | MapProtection.PROT_WRITE, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS) { Name = "[stack]" }).Value;
        var lines = ProcMachine.Read(_shell, "/proc/self/maps").Value!.TrimEnd('\n').Split('\n');
        var line = lines.Single(text => text.EndsWith("/lib one", StringComparison.Ordinal));
        Assert.That(line, Does.StartWith($"{mapped:x8}-{mapped + 8192:x8} r--p 00000000 00:"));
        var host = File.ReadLines("/proc/self/maps").First(text => text.Contains('/', StringComparison.Ordinal));
        Assert.That(line.IndexOf('/', StringComparison.Ordinal), Is.EqualTo(host.IndexOf('/', StringComparison.Ordinal)));
        Assert.That(lines.Single(text => text.EndsWith(" [stack]", StringComparison.Ordinal)), Does.StartWith($"{heap:x8}-{heap + 4096:x8} rw-p 00000000 00:00 0 "));
        Assert.That(ProcMachine.Read(_shell, "/proc/self/maps", pieces: 3).Value, Is.EqualTo(string.Join('\n', lines) + "\n"));
        file.Release();
    }

    [Test]
    public void ResidentIsWhatWasTouched()
    {
        var address = _shell.Space.Map(new MapRequest(0, 1 << 20, MapProtection.PROT_READ | MapProtection.PROT_WRITE, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS)).Value;
        Assert.That(_shell.Memory.Write(address, new byte[5 * 4096]), Is.EqualTo(Errno.None));
        var fields = ProcMachine.Read(_shell, "/proc/self/statm").Value!.Split(' ');
        Assert.That(fields[0], Is.EqualTo("256"));
        Assert.That(int.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture), Is.GreaterThanOrEqualTo(5));
    }

    [Test]
    public void ArgumentsAreReadFromTheProcessItself()
    {
        var address = _shell.Space.Map(new MapRequest(0, 4096, MapProtection.PROT_READ | MapProtection.PROT_WRITE, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS)).Value;
        Assert.That(_shell.Memory.Write(address, "sh\0-c\0A=1\0"u8), Is.EqualTo(Errno.None));
        var layout = _shell.Space.Layout;
        (layout.ArgStart, layout.ArgEnd, layout.EnvStart, layout.EnvEnd) = (address, address + 6, address + 6, address + 10);
        Assert.That(ProcMachine.Read(_init, "/proc/2/cmdline").Value, Is.EqualTo("sh\0-c\0"));
        Assert.That(ProcMachine.Read(_init, "/proc/2/environ").Value, Is.EqualTo("A=1\0"));
        Assert.That(_shell.Memory.Write(address, "a new title\0"u8[..8]), Is.EqualTo(Errno.None));
        Assert.That(ProcMachine.Read(_init, "/proc/2/cmdline").Value, Is.EqualTo("a new ti1"));
    }

    [Test]
    public void TheProgramIsFoundThoughItsNameIsGone()
    {
        var file = Create(_shell, "/busybox");
        _shell.Space.Executable = file.Retain();
        Assert.That(ProcMachine.ReadLink(_shell, "/proc/self/exe").Value, Is.EqualTo("/busybox"));
        Assert.That(NameRemoval.Unlink(_shell.FsCaller, _shell.Fs.Root, "/busybox"u8), Is.EqualTo(Errno.None));
        Assert.That(ProcMachine.ReadLink(_shell, "/proc/self/exe").Value, Is.EqualTo("/busybox (deleted)"));
        var again = ProcMachine.Open(_shell, "/proc/self/exe").Value!;
        Assert.That(again.Inode, Is.SameAs(file.Inode));
        again.Release();
        file.Release();
        Assert.That(ProcMachine.Open(_init, "/proc/1/exe").Error, Is.EqualTo(Errno.ENOENT));
    }

    [Test]
    public void TheProgramCanBeExecutedThroughItsLink()
    {
        Create(_shell, "/busybox").Release();
        var file = ProcMachine.Open(_shell, "/busybox").Value!;
        Assert.That(AttributeOperations.ChangeMode(_shell.FsCaller, file.Path, (InodeMode)0x1ED), Is.EqualTo(Errno.None));
        _shell.Space.Executable = file;
        var opened = FileOpening.OpenForExec(_shell.FsCaller, _shell.Fs.WorkingDirectory, "/proc/self/exe"u8);
        Assert.That(opened.Value?.Inode, Is.SameAs(file.Inode));
        opened.Value!.Release();
    }

    [Test]
    public void DescriptorsAreLinksToWhatIsOpen()
    {
        var file = Create(_shell, "/note");
        Assert.That(ProcMachine.Write(_shell, "/note", "text"), Is.EqualTo(Errno.None));
        var fd = _shell.Files.Add(file, closeOnExec: true).Value;
        Assert.That(ProcMachine.List(_shell, "/proc/self/fd"), Is.EqualTo(new[] { "0" }));
        Assert.That(ProcMachine.ReadLink(_shell, $"/proc/self/fd/{fd}").Value, Is.EqualTo("/note"));
        Assert.That(ProcMachine.Read(_shell, $"/proc/self/fd/{fd}").Value, Is.EqualTo("text"));
        Assert.That(ProcMachine.Resolve(_shell, "/proc/self/fd/0", follow: false).Value.Inode.Mode, Is.EqualTo(InodeMode.S_IFLNK | (InodeMode)0x1C0));
        Assert.That(NameRemoval.Unlink(_shell.FsCaller, _shell.Fs.Root, "/note"u8), Is.EqualTo(Errno.None));
        Assert.That(ProcMachine.ReadLink(_shell, "/proc/self/fd/0").Value, Is.EqualTo("/note (deleted)"));
        Assert.That(ProcMachine.Read(_shell, "/proc/self/fd/0").Value, Is.EqualTo("text"));
        var info = ProcMachine.Read(_shell, "/proc/self/fdinfo/0").Value!;
        Assert.That(info, Does.StartWith("pos:\t0\nflags:\t02100002\nmnt_id:\t"));
        Assert.That(_shell.Files.Close(fd), Is.EqualTo(Errno.None));
        Assert.That(ProcMachine.Open(_shell, "/proc/self/fd/0").Error, Is.EqualTo(Errno.ENOENT));
    }

    [Test]
    public void APipeIsOpenedAnewWithoutWaiting()
    {
        var place = _machine.Machine.FileSystem.Anonymous.Create("pipe", InodeMode.S_IFIFO | (InodeMode)0x180);
        var inode = (SpecialInode)place.Inode;
        var pipe = inode.OpenPipe(read: true, write: true, out _);
        _shell.Files.Add(new PipeFile(pipe, place, OpenFlags.O_RDONLY, inode, -1), false);
        var writer = _shell.Files.Add(new PipeFile(pipe, place, OpenFlags.O_WRONLY, inode, -1), false).Value;
        Assert.That(ProcMachine.ReadLink(_shell, "/proc/self/fd/0").Value, Is.EqualTo($"pipe:[{inode.Ino}]"));
        Assert.That(_shell.Files.Close(writer), Is.EqualTo(Errno.None));
        var again = ProcMachine.Open(_shell, "/proc/self/fd/0", OpenFlags.O_WRONLY).Value!;
        var from = new IoVector("x"u8);
        Assert.That(again.Write(ref from).Value, Is.EqualTo(1));
        again.Release();
        Assert.That(ProcMachine.Read(_shell, "/proc/self/fd/0").Value, Is.EqualTo("x"));
        _shell.Files.Release();
    }

    [Test]
    public void WhatHasNoFileBehindItIsNotOpenedAnew()
    {
        var place = _machine.Machine.FileSystem.Anonymous.Create("anon_inode:[eventpoll]", InodeMode.None | (InodeMode)0x180);
        _shell.Files.Add(new PathOnlyFile(place, OpenFlags.O_RDWR), false);
        Assert.That(ProcMachine.ReadLink(_shell, "/proc/self/fd/0").Value, Is.EqualTo("anon_inode:[eventpoll]"));
        Assert.That(ProcMachine.Open(_shell, "/proc/self/fd/0").Error, Is.EqualTo(Errno.ENXIO));
    }

    [Test]
    public void StrangersSeeLittle()
    {
        var other = _machine.Start("other", _init.Process, Someone);
        var mine = _machine.Start("mine", _init.Process, Someone);
        Assert.That(ProcMachine.Open(other, "/proc/1/environ").Error, Is.EqualTo(Errno.EACCES));
        Assert.That(ProcMachine.Open(other, "/proc/1/maps").Error, Is.EqualTo(Errno.EACCES));
        Assert.That(ProcMachine.ReadLink(other, "/proc/1/cwd").Error, Is.EqualTo(Errno.EACCES));
        Assert.That(ProcMachine.Resolve(other, "/proc/1/fd/0").Error, Is.EqualTo(Errno.EACCES));
        Assert.That(ProcMachine.Read(other, "/proc/1/stat").IsOk);
        Assert.That(ProcMachine.ReadLink(other, $"/proc/{mine.Id}/cwd").Value, Is.EqualTo("/"));
        Assert.That(ProcMachine.Resolve(_init, $"/proc/{mine.Id}/stat").Value.Inode.Uid, Is.EqualTo(1000));
    }

    [Test]
    public void ZombiesKeepTheirNamesAndTheDeadAreGone()
    {
        var child = _machine.Start("child", _shell.Process);
        var stat = ProcMachine.Open(_shell, "/proc/3/stat").Value!;
        lock (_machine.Machine.Tasks.Lock)
        {
            child.Process.Exit(WaitStatus.Exited(1));
            _ = child.Process.Name;
            child.Process.Threads.Clear();
        }
        Assert.That(ProcMachine.ReadAll(stat).Value, Does.StartWith("3 (child) Z 2 "));
        Assert.That(ProcMachine.Read(_shell, "/proc/3/cmdline").Value, Is.Empty);
        Assert.That(ProcMachine.ReadLink(_shell, "/proc/3/cwd").Error, Is.EqualTo(Errno.ENOENT));
        lock (_machine.Machine.Tasks.Lock)
            child.Process.Reap();
        Assert.That(stat.Seek(0, SeekWhence.SEEK_SET).Value, Is.Zero);
        Assert.That(ProcMachine.ReadAll(stat).Error, Is.EqualTo(Errno.ESRCH));
        Assert.That(ProcMachine.Open(_shell, "/proc/3/stat").Error, Is.EqualTo(Errno.ENOENT));
        stat.Release();
    }

    [Test]
    public void ANameIsChangedFromWithin()
    {
        Assert.That(ProcMachine.Write(_shell, "/proc/self/comm", "a name that is too long\n"), Is.EqualTo(Errno.None));
        Assert.That(Encoding.UTF8.GetString(_shell.Name), Is.EqualTo("a name that is "));
        Assert.That(ProcMachine.Write(_init, "/proc/2/comm", "x"), Is.EqualTo(Errno.EINVAL));
    }
}
