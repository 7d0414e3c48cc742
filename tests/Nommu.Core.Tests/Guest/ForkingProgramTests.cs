namespace Nommu.Core.Tests.Guest;

/// <summary>Debian's own programs that fork, from the host's own files: pipelines, builds, children of interpreters, with the same results as natively.</summary>
public class ForkingProgramTests : HostRootFixture
{
    private const string Pipelines = """
        cut -d: -f7 /etc/passwd | sort | uniq -c | sort -rn | head -3; x=$(seq 100 | paste -sd+ | sed 's/^/echo $((/;s/$/))/' | sh); echo $x; (cd /etc; pwd) & wait
        set -o pipefail; false | true; echo $? ${PIPESTATUS[@]}; yes | head -3; seq 10000 | while read -r a; do ((a % 1000)) || echo $a; done
        """;

    private const string Substitutions = """
        cat <(echo one) <(seq 3); diff <(seq 5) <(seq 6); echo "status $?"; exec {fd}< <(echo sub); read -u $fd x; echo $x
        seq 100 | tee >(wc -l >/tmp/counted) | tail -1; until [ -s /tmp/counted ]; do :; done; cat /tmp/counted; rm /tmp/counted
        echo in | cat /dev/stdin; echo in | cat /dev/fd/0; echo out >/dev/stdout; for i in {1..50}; do x=$(echo $x $i); done; echo $x
        coproc cat; echo to >&${COPROC[1]}; read -u ${COPROC[0]} y; echo got $y; kill $COPROC_PID; wait $COPROC_PID 2>/dev/null; echo $?
        """;

    private const string Children = """
        trap 'echo bye' EXIT; (trap 'echo sub' EXIT; exit 3); echo $?
        for i in 1 2 3 4 5 6 7 8; do (exit $i) & eval p$i=$!; done; for i in 1 2 3 4 5 6 7 8; do eval wait \$p$i; echo $?; done
        sleep 1000 & until read -r n </proc/$!/comm; [ $n = sleep ]; do :; done; kill $!; wait $! 2>/dev/null; echo $?; trap 'echo got' TERM; kill $$; echo end; echo a | { read b; echo $b; exit 4; }; echo $?
        cat <<X | tr a-z A-Z
        here $(echo doc)
        X
        """;

    private const string Helpers = """
        seq 20 | xargs -n 3 -P 4 echo | sort -n; printf 'a\0b c\0' | xargs -0 -I{} sh -c 'echo "<{}>"'
        find /etc/pam.d -name 'c*' -exec wc -c {} \; | sort; find /etc/pam.d -name 'c*' -exec cat {} + | sha256sum
        cd /; tar czf - etc/pam.d etc/passwd | tar tzf - | sort; tar -I 'gzip -9n' -cf - etc/services | tar -I gzip -xOf - | sha256sum
        awk 'BEGIN { while (("seq 3" | getline l) > 0) print l; print "z\ny" | "sort"; close("sort"); system("echo sys") }'
        echo echo from sed | sed -n 's/.*/&/ep'; timeout 0.05 sleep 1000; echo $?; setsid -w echo session
        """;

    private const string Perl = """
        $| = 1; print `echo from a shell`; system("exit 3"); print $? >> 8, "\n"; if (my $p = fork) { waitpid $p, 0; print $? >> 8, "\n" } else { exit 5 }
        my @k; for my $i (1..10) { pipe(my $r, my $w); my $p = fork // die; if (!$p) { close $r; print $w "child $i\n"; exit $i } close $w; push @k, [$p, $r] }
        for (@k) { my ($p, $r) = @$_; print scalar <$r>; waitpid $p, 0; print $? >> 8, "\n" }
        open my $h, "-|", "seq 3 | tac" or die; print <$h>; close $h; open $h, "|-", "tr a-z A-Z" or die; print $h "shout\n"; close $h; print "done\n";
        """;

    private const string PythonProcesses = """
        import os, subprocess, sys
        r, w = os.pipe()
        if (p := os.fork()) == 0:
            os.write(w, b"child"); os._exit(7)
        print(os.waitpid(p, 0)[1] >> 8, os.read(r, 10))
        print(subprocess.run("echo $((6*7)); exit 3", shell=True, capture_output=True))
        again = lambda code: subprocess.Popen([sys.executable, "-I", "-c", code], stdout=subprocess.PIPE)
        print([p.communicate()[0] for p in [again(f"print({i} * {i})") for i in range(3)]])
        print(again("import subprocess, sys; print(subprocess.run([sys.executable, '-I', '-c', 'print(1)'], capture_output=True).stdout)").communicate()[0])
        a = subprocess.Popen(["seq", "1000"], stdout=subprocess.PIPE); print(subprocess.run(["wc", "-l"], stdin=a.stdout, capture_output=True).stdout, a.wait())
        try: subprocess.run(["sleep", "1000"], timeout=0.05)
        except subprocess.TimeoutExpired: print("timeout")
        try: subprocess.run(["/none/such"])
        except FileNotFoundError as e: print(e)
        print(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode, subprocess.run(["true"], preexec_fn=os.setsid).returncode, os.system("exit 9") >> 8, os.popen("echo popen").read())
        """;

    private const string PythonWorkers = """
        import multiprocessing, concurrent.futures, os
        def square(x): return x * x
        def work(queue, n, lock, value):
            for i in range(n):
                with lock: value.value += 1
            queue.put(n)
        here = multiprocessing.get_context("fork")
        with here.Pool(4) as pool: print(sum(pool.map(square, range(1000))))
        queue, lock, value = here.Queue(), here.Lock(), here.Value("i", 0)
        workers = [here.Process(target=work, args=(queue, 100, lock, value)) for _ in range(4)]
        [w.start() for w in workers]; got = [queue.get() for _ in workers]; [w.join() for w in workers]; print(got, value.value, [w.exitcode for w in workers])
        a, b = here.Pipe(); w = here.Process(target=lambda: b.send({"k": b.recv()})); w.start(); a.send([1, 2]); print(a.recv()); w.join()
        with concurrent.futures.ProcessPoolExecutor(3, mp_context=here) as pool: print(list(pool.map(square, range(10))))
        w = here.Process(target=here.Event().wait); w.start(); w.terminate(); w.join(); print(w.exitcode)
        """;

    private const string FixedAddresses = """
        B=$0; $B seq 10 | $B awk '{ s += $1 } END { print s }'; $B cat /etc/passwd | $B cut -d: -f1 | $B sort | $B head -3; (echo a; $B echo b) | $B tac
        x=$($B seq 3 | $B wc -l); echo $x; $B find /etc/pam.d -name 'c*' -exec $B wc -c {} \; | $B sort; $B seq 9 | $B xargs -n 2 $B echo
        $B sh -c 'exit 4'; echo $?; $B sleep 1000 & kill $!; wait $! 2>/dev/null; echo $?; $B yes | $B head -2
        """;

    private static string Build => $$"""
        set -e; tcc='{{string.Join(' ', DebianProgramTests.TinyCompiler)}}'; cd $(mktemp -d)
        for i in 1 2 3 4 5 6; do echo "int f$i(void) { return $i; }" > f$i.c; done
        echo 'int printf(const char *, ...); int f1(void), f2(void), f3(void), f4(void), f5(void), f6(void); int main(void) { printf("%d\n", f1() + f2() + f3() + f4() + f5() + f6()); return 0; }' > main.c
        printf 'objects = main.o f1.o f2.o f3.o f4.o f5.o f6.o\nall: $(objects)\n\t%s -o sum $^\n%%.o: %%.c\n\t%s -c -o $@ $<\n' "$tcc" "$tcc" > Makefile
        make -s -j4; ./sum | cat; ./sum; rm -r $PWD
        """;

    private static IEnumerable<TestCaseData> Work()
    {
        TestCaseData Case(string name, params string[] command) => new TestCaseData((object)command).SetArgDisplayNames(name);
        yield return Case("pipelines of bash", "/usr/bin/bash", "-c", Pipelines);
        yield return Case("substitutions of bash", "/usr/bin/bash", "-c", Substitutions);
        yield return Case("children of bash", "/usr/bin/bash", "-c", Children);
        yield return Case("children of dash", "/usr/bin/dash", "-c", Children);
        yield return Case("xargs, find, tar, awk", "/usr/bin/dash", "-c", Helpers);
        yield return Case("perl", "/usr/bin/perl", "-e", Perl);
        yield return Case("processes of python3.11", DebianProgramTests.Python, "-I", "-c", PythonProcesses);
        yield return Case("workers of python3.11", DebianProgramTests.Python, "-I", "-c", PythonWorkers);
        yield return Case("busybox-static", DebianProgramTests.Fetched("bin/busybox"), "sh", "-c", FixedAddresses, DebianProgramTests.Fetched("bin/busybox"));
        yield return Case("make", "/usr/bin/make", "-s", "--eval", "all: a b c d e f; @echo $^\na b c d e f:; @echo $@ | tr a-f A-F >/dev/null", "-j4", "-f", "/dev/null", "all");
        yield return Case("a build with make and tcc", DebianProgramTests.Fetched("usr/bin/tcc"), Build);
    }

    [TestCaseSource(nameof(Work))]
    public async Task DoesTheSameWork(string[] command)
    {
        Assert.That(command[0], Does.Exist);
        if (command[0] == DebianProgramTests.TinyCompiler[0])
            command = ["/usr/bin/bash", "-c", command[1]];
        // Of one fixed address are also programs that tcc makes.
        using var turn = await FixedAddressTurn.TakeAsync();
        command = DebianProgramTests.WithLibraries(command);
        var native = await ProgramRun.NativelyAsync(command[0], "/", command[1..]);
        Assert.That(await ProgramRun.InKernelAsync(Kernel, command[0], "/", command[1..]), Is.EqualTo(native));
        Assert.That(native.Status, Is.Zero.Or.EqualTo(4), native.Error);
    }

    [Test]
    public async Task AForkedTransactionThatIsKilledNeverWas()
    {
        const string Killed = """
            db=/var/tmp/forked.db; $0 $db "create table t(x, y); with recursive n(i) as (select 1 union all select i+1 from n where i<100) insert into t select i, 'kept' from n"
            coproc $0 $db; echo "pragma cache_size=1; pragma cache_spill=1; begin immediate; update t set y = hex(randomblob(2000)); delete from t where x % 2; select 'ready';" >&${COPROC[1]}
            read -r -u ${COPROC[0]} said; echo $said; [ -e $db-journal ] && echo a hot journal; kill -9 $COPROC_PID; wait $COPROC_PID 2>/dev/null; echo $?
            $0 $db "select count(*), min(y), max(y), sum(x) from t; pragma integrity_check"
            """;
        var run = await ProgramRun.InKernelAsync(Kernel, "/usr/bin/env", "/", DebianProgramTests.WithLibraries("/usr/bin/bash", "-c", Killed, DebianProgramTests.Sqlite)[1..]);
        Assert.That(run.Output, Is.EqualTo("ready\na hot journal\n137\n100|kept|kept|5050\nok\n"), run.Error);
    }
}
