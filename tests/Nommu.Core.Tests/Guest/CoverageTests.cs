using System.Globalization;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Guest;

/// <summary>What became of the system calls of a file is to be seen from the host and from inside, and both say the same.</summary>
[TestFixture(typeof(DetourStrategy))]
[TestFixture(typeof(TrapStrategy))]
public class CoverageTests<TStrategy> where TStrategy : class, IRewritingStrategy
{
    [Test]
    public async Task HostAndGuestSeeTheSame()
    {
        await using var kernel = Kernel.CreateBuilder().UseRewriting<TStrategy>().UseRootDirectory(GuestPaths.Root).Build();
        await kernel.BootAsync();
        var run = await ProgramRun.InKernelAsync(kernel, "/bin/busybox-static", "/", "cat", "/proc/self/nommu");
        var libc = await ProgramRun.InKernelAsync(kernel, "/bin/cat", "/", "/proc/self/nommu");
        Assert.That((run.Status, libc.Status), Is.EqualTo((0, 0)), run.Error + libc.Error);

        var inside = run.Output.TrimEnd().Split('\n').Single().Split(' ');
        var file = kernel.RewrittenFiles.Single(file => file.Path == "/bin/busybox-static");
        var coverage = file.Coverage.Single();
        Assert.Multiple(() =>
        {
            Assert.That(inside[5], Is.EqualTo("/bin/busybox-static"));
            Assert.That(inside[1..5].Select(word => int.Parse(word, CultureInfo.InvariantCulture)), Is.EqualTo(new[]
            {
                coverage.Sites.Count,
                coverage.Count(SiteRung.DetourOverMove) + coverage.Count(SiteRung.DetourFollowing) + coverage.Count(SiteRung.DetourPreceding),
                0,
                coverage.Count(SiteRung.Trap),
            }));
            Assert.That(coverage.Sites, Has.Count.GreaterThan(typeof(TStrategy) == typeof(TrapStrategy) ? -1 : 100));
            Assert.That(libc.Output, Does.Contain("/lib/ld-musl-x86_64.so.1\n"), "the interpreter is program text, too");
            Assert.That(kernel.RewrittenFiles.Select(known => known.Path), Does.Contain("/lib/ld-musl-x86_64.so.1"));
        });
    }
}
