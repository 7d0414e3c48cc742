using System.Diagnostics;
using System.Runtime.CompilerServices;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Guest;

/// <summary>The host stays a whole .NET process while guests run on all its processors: its children, its null references, its console's signals, and the way it dies when it must.</summary>
public class HostHealthTests
{
    private const int SIGABRT = 6;

    [Test]
    public async Task ChildrenAndNullReferencesOfTheHostAreItsOwn()
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).Build();
        await kernel.BootAsync();
        var guests = new List<GuestProcess>();
        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            // One spins in the guest, the next in and out of the kernel with children of its own.
            var guest = kernel.Start(new GuestProcessStartInfo("/bin/sh", "-c", i % 2 == 0 ? "echo; while :; do :; done" : "echo; while :; do /bin/true; done"));
            Assert.That(await guest.StandardOutput.ReadLineAsync(), Is.Empty);
            guests.Add(guest);
        }
        for (var i = 0; i < 50; i++)
        {
            for (var j = 0; j < 100; j++)
                Assert.That(() => LengthOf(null), Throws.TypeOf<NullReferenceException>());
            using var child = Process.Start("/bin/sh", ["-c", $"exit {i}"]);
            await child.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
            Assert.That(child.ExitCode, Is.EqualTo(i));
        }
        Assert.That(guests.Select(guest => guest.HasExited), Is.All.False);
    }

    [Test]
    public async Task TheConsolesInterruptReachesTheHost()
    {
        var (lines, error, status) = await OwnHostProcess.RunAsync("interrupt", GuestPaths.Root);
        Assert.That(status, Is.Zero, error);
        Assert.That(lines.Count(line => line.Name == "interrupt"), Is.EqualTo(20));
    }

    [Test]
    public async Task AnOverflowOfAManagedStackIsReportedAsAlways()
    {
        var (lines, error, status) = await OwnHostProcess.RunAsync("overflow", GuestPaths.Root);
        Assert.That(lines.Select(line => line.Name), Is.EqualTo(new[] { "spinning" }));
        Assert.That(error, Does.Contain("Stack overflow").And.Contain("Program.Depth"));
        Assert.That(status, Is.EqualTo(128 + SIGABRT));
    }

    [Test]
    public async Task AnUnhandledExceptionEndsTheHostWithItsMessage()
    {
        var (_, error, status) = await OwnHostProcess.RunAsync("unhandled", GuestPaths.Root);
        Assert.That(error, Does.Contain("Unhandled exception").And.Contain("nobody catches this"));
        Assert.That(status, Is.EqualTo(128 + SIGABRT));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int LengthOf(string? text) => text!.Length;
}
