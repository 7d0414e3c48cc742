using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Nommu.Core.Abi;
using Nommu.Core.Syscalls;
using Nommu.Core.Syscalls.Tracing;
using Nommu.Core.Tests.Boot;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Syscalls;

/// <summary>The trace says what strace(1) says of the same program on the host's kernel, but for addresses and numbers of processes.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public partial class TraceTests
{
    /// <summary>tests/guest/traced.c, from its first chdir on.</summary>
    private const string Golden = """
            chdir("/the/trace/begins") = -1 ENOENT (No such file or directory)
            open("traced-file", O_RDWR|O_CREAT|O_TRUNC|O_LARGEFILE|O_CLOEXEC, 0640) = 3
            fcntl(3, F_SETFD, FD_CLOEXEC) = 0
            write(3, "a line that is longer than thirt"..., 44) = 44
            writev(3, [{iov_base="one\n", iov_len=4}, {iov_base="\ttwo \"2\"\0013\0", iov_len=11}], 2) = 15
            fstat(3, {st_mode=S_IFREG|0640, st_size=59, ...}) = 0
            pread64(3, "one\n\ttwo \"2\"\0013\0", 64, 44) = 15
            lseek(3, -2, SEEK_END) = 57
            read(3, "3\0", 64) = 2
            read(3, "", 64) = 0
            fcntl(3, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)
            fcntl(3, F_SETFL, O_RDONLY|O_APPEND|O_NONBLOCK|O_LARGEFILE) = 0
            fcntl(3, F_GETFD) = 0x1 (flags FD_CLOEXEC)
            dup3(3, 20, O_CLOEXEC) = 20
            close(20) = 0
            close(3) = 0
            close(3) = -1 EBADF (Bad file descriptor)
            open("no/such/file", O_RDONLY|O_LARGEFILE|O_DIRECTORY) = -1 ENOENT (No such file or directory)
            access("traced-file", R_OK|W_OK) = 0
            openat(AT_FDCWD, "traced-file", O_WRONLY|O_CREAT|O_EXCL, 0600) = -1 EEXIST (File exists)
            newfstatat(AT_FDCWD, "/dev/null", {st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}, AT_SYMLINK_NOFOLLOW) = 0
            unlink("traced-file") = 0
            read(99, NULL, 5) = -1 EBADF (Bad file descriptor)
            write(1, 0x8, 3) = -1 EFAULT (Bad address)
            mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ADDR
            mprotect(ADDR, 4096, PROT_NONE) = 0
            madvise(ADDR, 8192, MADV_DONTNEED) = 0
            munmap(ADDR, 8192) = 0
            prlimit64(0, RLIMIT_NOFILE, NULL, {rlim_cur=1024, rlim_max=4*1024}) = 0
            umask(027) = 022
            umask(022) = 027
            rt_sigprocmask(SIG_UNBLOCK, [RT_1 RT_2], NULL, 8) = 0
            rt_sigaction(SIGUSR1, {sa_handler=ADDR, sa_mask=[], sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=ADDR}, NULL, 8) = 0
            rt_sigprocmask(SIG_BLOCK, [USR1], NULL, 8) = 0
            gettid() = 1
            tkill(1, SIGUSR1) = 0
            rt_sigprocmask(SIG_UNBLOCK, [USR1], NULL, 8) = 0
            --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=1, si_uid=0} ---
            rt_sigreturn() = 0
            pipe2([3, 4], O_CLOEXEC) = 0
            poll([{fd=3, events=POLLIN}], 1, 0) = 0 (Timeout)
            poll([{fd=3, events=POLLIN}, {fd=4, events=POLLOUT}], 2, -1) = 1 ([{fd=4, revents=POLLOUT}])
            write(4, "x\377", 2) = 2
            read(3, "x\377", 8) = 2
            close(3) = 0
            close(4) = 0
            socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [3, 4]) = 0
            sendto(3, "hello", 5, MSG_NOSIGNAL, NULL, 0) = 5
            recvfrom(4, "hello", 8, 0, NULL, NULL) = 5
            connect(3, {sa_family=AF_UNIX, sun_path="nobody"}, 110) = -1 ENOENT (No such file or directory)
            shutdown(3, SHUT_RDWR) = 0
            vfork( <unfinished ...>
            exit_group(3) = ?
            +++ exited with 3 +++
            <... vfork resumed>) = 2
            wait4(2, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 2
            nanosleep({tv_sec=0, tv_nsec=1000}, NULL) = 0
            getpid() = 1
            syscall_0x1f4(0x1, 0x2, 0x3, ...) = -1 ENOSYS (Function not implemented)
            chdir("/") = 0
            rmdir("/tmp/guest.XXXXXX") = 0
            writev(1, [{iov_base="all calls have been made", iov_len=24}, {iov_base="\n", iov_len=1}], 2) = 25
            exit_group(0) = ?
            +++ exited with 0 +++
            """;

    private Kernel _kernel = null!;

    [OneTimeSetUp]
    public async Task Boot() => _kernel = await TestKernel.BootWithProgramsAsync();

    [OneTimeTearDown]
    public async Task Halt() => await _kernel.DisposeAsync();

    [Test]
    public async Task EveryArgumentIsTold()
    {
        var text = new StringWriter();
        using (_kernel.StartTrace(new() { Output = text }))
            await RunAsync("/guest/traced");
        Assert.That(Normalize(text.ToString()), Is.EqualTo(Golden));
    }

    [Test]
    public async Task WholeLinesAreTheSame()
    {
        var (text, lines) = (new StringWriter(), new List<string>());
        using (_kernel.StartTrace(new() { Output = text, Line = lines.Add }))
            await RunAsync("/guest/traced");
        Assert.That(string.Concat(lines.Select(line => line + "\n")), Is.EqualTo(text.ToString()));
    }

    [TestCase("openat,open,%network", "open", "socketpair", "read", "vfork")]
    [TestCase("!%desc,%file", "getpid", "nanosleep", "open", "close")]
    [TestCase("%memory", "munmap", "mprotect", "write", "getpid")]
    [TestCase("memory,process", "vfork", "madvise", "unlink", "kill")]
    public async Task CallsAreChosenByNameAndClass(string calls, string one, string other, string not, string norThat)
    {
        var events = await EventsAsync(new() { Calls = calls, ShowSignals = false }, "/guest/traced");
        Assert.That(events.Select(seen => seen.Name), Does.Contain(one).And.Contain(other).And.Not.Contain(not).And.Not.Contain(norThat));
    }

    [Test]
    public async Task CallsAreChosenByPath()
    {
        var options = new SyscallTraceOptions { ShowSignals = false, Paths = { "/etc" } };
        var events = await EventsAsync(options, "/bin/sh", "-c", "cd etc; cat passwd < /dev/null > /dev/null; ls /etcetera; true");
        Assert.That(events.Select(seen => seen.Text), Has.Some.StartsWith("chdir(\"etc\") = 0").And.Some.Contains("\"passwd\"").And.None.Contains("etcetera").And.None.Contains("/dev/null"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task ChildrenAreFollowedOrNot(bool follow)
    {
        var (events, other) = (new ConcurrentQueue<SyscallTraceEvent>(), _kernel.Start(new("/bin/sh", "-c", "read line; true | true")));
        var process = _kernel.Start(new("/bin/sh", "-c", "read line; /bin/true | /bin/true; exit 3"));
        using (_kernel.StartTrace(new() { Process = process, FollowChildren = follow, Event = events.Enqueue }))
        {
            await other.StandardInput.WriteLineAsync();
            await other.WaitForExitAsync();
            await process.StandardInput.WriteLineAsync();
            await process.WaitForExitAsync();
        }
        var processes = events.Select(seen => seen.ProcessId).Distinct().ToList();
        Assert.That(processes, Has.Count.EqualTo(follow ? 3 : 1).And.Contain(process.Id).And.Not.Contain(other.Id));
        Assert.That(events.Last(seen => seen.ProcessId == process.Id), Has.Property("Kind").EqualTo(SyscallTraceKind.Exit).And.Property("Text").EqualTo("+++ exited with 3 +++"));
    }

    [Test]
    public async Task ACallThatAnotherLineCutsIsResumed()
    {
        var lines = new ConcurrentQueue<string>();
        using (_kernel.StartTrace(new() { Line = lines.Enqueue, Calls = "%process" }))
            await RunAsync("/bin/sh", "-c", "/bin/true");
        Assert.That(lines.Select(line => line[(line.IndexOf(']') + 2)..]), Has.Some.EqualTo("vfork( <unfinished ...>").And.Some.Matches<string>(line => Resumed().IsMatch(line)));
    }

    [Test]
    public async Task ADeadlySignalIsTold()
    {
        var events = await EventsAsync(new() { Calls = "none" }, 128 + (int)Signal.SIGSEGV, "/bin/sh", "-c", "kill -SEGV $$");
        Assert.That(events.Select(seen => seen.Text), Is.EqualTo(new[] { $"--- SIGSEGV {{si_signo=SIGSEGV, si_code=SI_USER, si_pid={events[0].ProcessId}, si_uid=0}} ---", "+++ killed by SIGSEGV +++" }));
    }

    [Test]
    public async Task TimesStandBeforeAndBehind()
    {
        var lines = new ConcurrentQueue<string>();
        using (_kernel.StartTrace(new() { Line = lines.Enqueue, Calls = "getuid,exit_group", ShowSignals = false, Times = SyscallTraceTimes.TimeOfDay, ShowDurations = true }))
            await RunAsync("/bin/true");
        Assert.That(lines, Is.Not.Empty.And.All.Matches<string>(line => Timed().IsMatch(line)));
    }

    /// <summary>A thread that spins in the guest has to be told, when a trace begins and when it ends.</summary>
    [Test]
    public async Task ATraceMayBeginAndEndAtAnyTime()
    {
        var dispatcher = _kernel.Services.GetRequiredService<SyscallDispatcher>();
        var process = _kernel.Start(new("/bin/sh", "-c", "while :; do /bin/kill -0 $$; done"));
        for (var i = 0; i < 5; i++)
        {
            using var seen = new SemaphoreSlim(0);
            using (_kernel.StartTrace(new() { Calls = "kill", Event = _ => seen.Release() }))
            {
                Assert.That(dispatcher.AllowsFastPaths, Is.False);
                Assert.That(await seen.WaitAsync(TestKernel.Longest));
            }
            Assert.That(dispatcher, Has.Property("AllowsFastPaths").True.And.Property("Tracing").Null);
        }
        process.Kill();
        await process.WaitForExitAsync();
    }

    [Test]
    public void WithoutATraceNothingIsAllocated()
    {
        using var fixture = new SyscallFixture();
        var dispatcher = new SyscallDispatcher(Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.That(dispatcher.Tracing, Is.Null);
        _ = dispatcher.Dispatch(fixture.Thread, (int)SystemCallNumber.getpgrp, default);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            _ = dispatcher.Dispatch(fixture.Thread, (int)SystemCallNumber.getpgrp, default);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [TestCase("opennat")]
    [TestCase("%files")]
    [TestCase("read,12")]
    public void AFilterThatNamesNothingIsRefused(string calls) => Assert.That(() => _kernel.StartTrace(new() { Calls = calls }), Throws.ArgumentException);

    private Task RunAsync(string program, params string[] arguments) => EventsAsync(new() { Calls = "none" }, program, arguments);

    private Task<List<SyscallTraceEvent>> EventsAsync(SyscallTraceOptions options, string program, params string[] arguments) => EventsAsync(options, 0, program, arguments);

    private async Task<List<SyscallTraceEvent>> EventsAsync(SyscallTraceOptions options, int status, string program, params string[] arguments)
    {
        var events = new ConcurrentQueue<SyscallTraceEvent>();
        options.Event = events.Enqueue;
        using (_kernel.StartTrace(options))
            Assert.That((await ProgramRun.InKernelAsync(_kernel, program, "/", arguments)).Status, Is.EqualTo(status));
        return [.. events];
    }

    private static string Normalize(string trace)
    {
        var lines = trace.Split('\n', StringSplitOptions.RemoveEmptyEntries).SkipWhile(line => !line.Contains("trace/begins", StringComparison.Ordinal)).ToList();
        var pid = Pid().Match(lines[0]).Groups[1].Value;
        var child = lines.Select(line => Pid().Match(line).Groups[1].Value).First(other => other != pid);
        var text = Pid().Replace(string.Join('\n', lines), "");
        text = Regex.Replace(text, $@"(gettid\(\) = |tkill\(|getpid\(\) = |si_pid=){pid}\b", "${1}1");
        text = Regex.Replace(text, $@"(resumed>\) = |wait4\(|NULL\) = ){child}\b", "${1}2");
        text = Regex.Replace(text, "0x7[0-9a-f]{11}", "ADDR");
        text = Regex.Replace(text, @"guest\.\w{6}", "guest.XXXXXX");
        return Regex.Replace(text, @"(syscall_0x1f4\(0x1, 0x2, 0x3), [^)]*", "$1, ...");
    }

    [GeneratedRegex(@"^\[pid (\d+)\] ", RegexOptions.Multiline)]
    private static partial Regex Pid();

    [GeneratedRegex(@"^<\.\.\. vfork resumed>\) = \d+$")]
    private static partial Regex Resumed();

    [GeneratedRegex(@"^\[pid \d+\] \d\d:\d\d:\d\d\.\d{6} .*(<\d+\.\d{6}>|<unfinished \.\.\.>)$")]
    private static partial Regex Timed();
}
