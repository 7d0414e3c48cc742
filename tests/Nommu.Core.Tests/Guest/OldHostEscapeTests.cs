namespace Nommu.Core.Tests.Guest;

/// <summary>As <see cref="EscapeTests{TStrategy}"/>, with seccomp filters in the place of Syscall User Dispatch. They know calls by where they stand, so a jump to one in the host's libc stays open, as the README says.</summary>
public class OldHostEscapeTests
{
    private const string Answered = "answered by the right kernel";

    [TestCase("old-host")]
    [TestCase("old-host-trapping")]
    public async Task CodeThatNobodyCouldRewriteIsCaught(string how)
    {
        var (lines, error, status) = await OwnHostProcess.RunAsync("run", how, GuestPaths.Root, GuestPaths.Programs, "escapes.tool made", "escapes.tool copied", "escapes.tool inside", "escapes.tool int80");
        Assert.That((error, status), Is.EqualTo(("", 0)));
        Assert.That(lines.Take(4).Select(line => (line.Error, line.Status)), Is.All.EqualTo(("", 0)));
        Assert.That(lines.Take(3).SelectMany(line => line.Output.TrimEnd().Split('\n')), Has.Exactly(10).Items.And.All.EndsWith(Answered));
        Assert.That(lines[3].Output, Is.EqualTo("signal 11, code 128, address 0, at cd 80, trap 13, error 402\n"));
    }
}
