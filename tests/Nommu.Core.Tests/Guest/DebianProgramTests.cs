using Nommu.Core.Processes;
using Nommu.Core.Tests.Boot;

namespace Nommu.Core.Tests.Guest;

/// <summary>Debian's own programs, with glibc, from the host's own files: real work, with the same results as natively.</summary>
public class DebianProgramTests : HostRootFixture
{
    private const string Dash = """
        i=0; while [ $i -lt 200 ]; do i=$((i+1)); case $i in *7*) s="$s$i,";; esac; done; echo "$s"
        while IFS=: read -r name _ uid _; do [ "$uid" -lt 3 ] && echo "$name=$uid"; done < /etc/passwd
        trap 'echo caught' USR1; kill -USR1 $$; printf '%05d %x %s\n' 42 255 "${name:-none}"
        """;

    private const string Bash = """
        declare -A count; while read -r first _; do ((count[${first:0:1}]++)); done < /etc/services
        for key in t e d; do echo "$key ${count[$key]}"; done
        [[ "release 12.7" =~ ([0-9]+)\.([0-9]+) ]] && echo "${BASH_REMATCH[@]}"
        mapfile -t lines < /etc/group; echo "${#lines[@]} ${lines[0]^^}"; printf -v text '%q' 'a b'; echo "$text"
        """;

    private const string Perl = """
        my %words; open my $in, "<", "/etc/services" or die; while (<$in>) { $words{lc $_}++ for /[a-z]{4,}/gi }
        print join(",", (sort { $words{$b} <=> $words{$a} || $a cmp $b } keys %words)[0..9]), "\n";
        printf "%s %d\n", pack("H*", "706572 6c" =~ s/ //r), unpack("%32C*", "sum"); local $SIG{ALRM} = sub { print "alarm\n" }; kill ALRM => $$; select undef, undef, undef, 0.01;
        """;

    private const string PythonWork = """
        import collections, hashlib, json, os, re, sqlite3, tempfile, threading, zlib
        words = collections.Counter(re.findall(r"[a-z]{4,}", open("/etc/services").read()))
        print(json.dumps(sorted(words.items(), key=lambda item: (-item[1], item[0]))[:5]))
        data = bytes(range(256)) * 1000
        assert zlib.decompress(zlib.compress(data)) == data
        print(hashlib.sha256(data).hexdigest())
        total = [0]; lock = threading.Lock()
        def add(n):
            for _ in range(n):
                with lock: total[0] += 1
        threads = [threading.Thread(target=add, args=(1000,)) for _ in range(4)]
        [t.start() for t in threads]; [t.join() for t in threads]; print(total)
        with tempfile.TemporaryDirectory() as d:
            db = sqlite3.connect(os.path.join(d, "db")); db.execute("create table t(x)"); db.executemany("insert into t values(?)", [(i,) for i in range(1000)]); db.commit()
            print(db.execute("select sum(x) from t").fetchone())
        """;

    private const string Architecture = "x86_64-linux-gnu";

    /// <summary>Where fetched programs find their libraries (LD_LIBRARY_PATH).</summary>
    internal static readonly string Libraries = $"{Fetched($"usr/lib/{Architecture}")}:{Fetched($"lib/{Architecture}")}";

    /// <summary>tcc with its own files, which lie elsewhere than it thinks.</summary>
    internal static readonly string[] TinyCompiler = [Fetched("usr/bin/tcc"), $"-B{Fetched($"usr/lib/{Architecture}")}/tcc"];

    internal static readonly string Sqlite = Fetched("usr/bin/sqlite3");

    internal static readonly string Python = Fetched("usr/bin/python3.11");

    /// <summary>A command that finds them.</summary>
    internal static string[] WithLibraries(params string[] command) => ["/usr/bin/env", $"LD_LIBRARY_PATH={Libraries}", .. command];

    internal static string Fetched(string path) => $"{GuestPaths.DebianPackages}/{path}";

    private static IEnumerable<TestCaseData> Work()
    {
        TestCaseData Case(string name, params string[] command) => new TestCaseData((object)command).SetArgDisplayNames(name);
        yield return Case("dash", "/usr/bin/dash", "-c", Dash);
        yield return Case("bash", "/usr/bin/bash", "-c", Bash);
        yield return Case("sort", "/usr/bin/sort", "-t:", "-k3,3n", "-k1,1", "/etc/passwd");
        yield return Case("cut", "/usr/bin/cut", "-d:", "-f1,7", "/etc/passwd");
        yield return Case("sha256sum", "/usr/bin/sha256sum", "/usr/bin/bash", "/usr/lib/x86_64-linux-gnu/libc.so.6");
        yield return Case("ls", "/usr/bin/ls", "-ln", "--time-style=full-iso", "/usr/bin");
        yield return Case("sed", "/usr/bin/sed", "-nE", @"s/^([a-z]+):[^:]*:([0-9]+):.*/\2 \1/p;10q", "/etc/passwd");
        yield return Case("grep", "/usr/bin/grep", "-rnEc", "auth|account", "/etc/pam.d");
        yield return Case("grep -P", "/usr/bin/grep", "-P", @"^\w+\s+(?=2[0-9]/tcp)", "/etc/services");
        yield return Case("mawk", "/usr/bin/mawk", "-F:", "{ n += $3; s[$7]++ } END { print n, NR; for (k in s) if (s[k] > 5) print k, s[k] }", "/etc/passwd");
        yield return Case("gawk", Fetched("usr/bin/gawk"), "-F:", "{ n += $3 } END { print n, NR; printf \"%s\\n\", strftime(\"%Y\", 0, 1) }", "/etc/passwd");
        yield return Case("tar", "/usr/bin/tar", "--sort=name", "-cf", "-", "-C", "/etc", "pam.d", "passwd");
        yield return Case("gzip", "/usr/bin/gzip", "-9nc", "/etc/services");
        yield return Case("xz", "/usr/bin/xz", "-c", "/etc/services");
        yield return Case("find", "/usr/bin/find", "/etc/pam.d", "-type", "f", "-size", "-2", "-printf", "%s %m %n %p\\n");
        yield return Case("make -n", "/usr/bin/make", "-n", "-f", "/dev/null", "--eval", "all: b c\n\techo $(words $^)\nb c:\n\techo $@");
        yield return Case("lua5.4", Fetched("usr/bin/lua5.4"), "-e", "local t = {} for line in io.lines('/etc/passwd') do t[#t + 1] = line:match('^[^:]*') end table.sort(t) print(table.concat(t, ' '), #t, string.format('%5.2f', math.pi))");
        yield return Case("sqlite3", Sqlite, ":memory:", "with recursive n(i) as (select 1 union all select i+1 from n where i<1000) select sum(i), group_concat(i % 7, '') from (select i from n limit 30); select json('{\"a\":[1,2]}');");
        yield return Case("tcc", [.. TinyCompiler, "-run", Fetched("usr/share/doc/tcc/examples/ex1.c")]);
        yield return Case("perl", "/usr/bin/perl", "-e", Perl);
        yield return Case("python3.11", Python, "-I", "-c", PythonWork);
        yield return Case("busybox-static", Fetched("bin/busybox"), "awk", "-F:", "{ print $1, $3 }", "/etc/passwd");
        yield return Case("getaddrinfo by files", "/usr/bin/getent", "ahosts", "localhost");
        yield return Case("users by files", "/usr/bin/getent", "passwd", "root", "daemon");
        yield return Case("locale", "/usr/bin/env", "LC_ALL=C.UTF-8", "/usr/bin/locale", "charmap", "-k", "LC_TIME");
        yield return Case("iconv", "/usr/bin/iconv", "-f", "latin1", "-t", "utf16le", "/etc/services");
        yield return Case("LD_PRELOAD", "/usr/bin/env", "LD_PRELOAD=libm.so.6", "LD_TRACE_PRELINKING=", "/usr/bin/dash", "-c", "while read -r line; do case $line in *r-xp*/libm.so.6) echo preloaded;; esac; done < /proc/self/maps");
        yield return Case("ld.so", "/lib64/ld-linux-x86-64.so.2", "--verify", "/usr/bin/bash");
    }

    [TestCaseSource(nameof(Work))]
    public async Task DoesTheSameWork(string[] command)
    {
        Assert.That(command[0], Does.Exist);
        using var turn = Path.GetFileName(command[0]) is "python3.11" or "busybox" ? await FixedAddressTurn.TakeAsync() : null;
        command = WithLibraries(command);
        var native = await ProgramRun.NativelyAsync(command[0], "/", command[1..]);
        Assert.That(await ProgramRun.InKernelAsync(Kernel, command[0], "/", command[1..]), Is.EqualTo(native));
    }

    [Test]
    public async Task ATransactionThatIsKilledNeverWas()
    {
        const string Database = "/var/tmp/killed.db";
        var made = await RunSqliteAsync(Database, "create table t(x, y); with recursive n(i) as (select 1 union all select i+1 from n where i<100) insert into t select i, 'kept' from n;");
        Assert.That(made, Is.EqualTo(new ProgramRun("", "", 0)));
        var writer = Kernel.Start(new GuestProcessStartInfo(Sqlite, Database) { Environment = { ["LD_LIBRARY_PATH"] = Libraries } });
        // So small a cache that pages reach the file before the end, and only the journal knows what they were.
        await writer.StandardInput.WriteAsync("pragma cache_size=1; pragma cache_spill=1; begin immediate; update t set y = hex(randomblob(2000)); delete from t where x % 2; select 'ready';\n");
        await writer.StandardInput.FlushAsync();
        Assert.That(await writer.StandardOutput.ReadLineAsync(), Is.EqualTo("ready"));
        Assert.That((await ProgramRun.InKernelAsync(Kernel, "/bin/ls", "/var/tmp", $"{Database}-journal")).Status, Is.Zero, "a hot journal");
        writer.Kill();
        Assert.That(await writer.WaitForExitAsync(), Is.EqualTo(128 + 9));
        var after = await RunSqliteAsync(Database, "select count(*), min(y), max(y), sum(x) from t; pragma integrity_check;");
        Assert.That(after, Is.EqualTo(new ProgramRun("100|kept|kept|5050\nok\n", "", 0)));
        Assert.That(File.Exists(Database), Is.False);

        async Task<ProgramRun> RunSqliteAsync(params string[] arguments) => await ProgramRun.InKernelAsync(Kernel, "/usr/bin/env", "/", WithLibraries([Sqlite, .. arguments])[1..]);
    }

    [Test]
    public async Task AFixedAddressThatIsTakenIsRefusedWithTheReason()
    {
        using var turn = await FixedAddressTurn.TakeAsync();
        var log = new LogList();
        await using var kernel = Nommu.Core.Kernel.CreateBuilder().UseHostRoot("/").UseLogging(log).Build();
        await kernel.BootAsync();
        var first = kernel.Start(new GuestProcessStartInfo(Python, "-I", "-c", "print('there', flush=True); input()") { Environment = { ["LD_LIBRARY_PATH"] = Libraries } });
        Assert.That(await first.StandardOutput.ReadLineAsync(), Is.EqualTo("there"));
        Assert.That(() => kernel.Start(new GuestProcessStartInfo(Python, "-V")), Throws.InstanceOf<GuestException>().With.Property(nameof(GuestException.Error)).EqualTo(Nommu.Core.Abi.Errno.ENOEXEC));
        Assert.That(log.Lines.Select(line => line.Text), Has.Some.Contains("fixed address").And.Some.Contains("another program is there"));
        await first.StandardInput.WriteLineAsync();
        Assert.That(await first.WaitForExitAsync(), Is.Zero);
        Assert.That((await ProgramRun.InKernelAsync(kernel, "/usr/bin/env", "/", WithLibraries(Python, "-V")[1..])).Output, Does.StartWith("Python 3.11"), "its place is free again");
    }
}
