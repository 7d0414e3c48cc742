using System.Collections.Concurrent;

namespace Nommu.Core.Tests.Guest;

/// <summary>The programs of tests/guest, and what they print on the host's own Linux: asked once, for every kernel that is compared with it.</summary>
internal static class GuestProgram
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<ProgramRun>>> s_native = new(StringComparer.Ordinal);

    internal static IEnumerable<string> Names() =>
        Directory.EnumerateFiles(GuestPaths.Programs).Select(path => Path.GetFileName(path)).Where(name => !name.Contains('.', StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    internal static Task<ProgramRun> NativelyAsync(string name) =>
        s_native.GetOrAdd(name, static name => new Lazy<Task<ProgramRun>>(() => RunNativelyAsync(name))).Value;

    internal static void AssertTheSame(ProgramRun native, ProgramRun guest)
    {
        Assert.That(native.Status, Is.Zero, $"natively: {native.Output}{native.Error}");
        Assert.Multiple(() =>
        {
            Assert.That(guest.Output.Split('\n'), Is.EqualTo(native.Output.Split('\n')), "the output");
            Assert.That(guest.Error, Is.EqualTo(native.Error), "the errors");
            Assert.That(guest.Status, Is.EqualTo(native.Status), "the status");
        });
    }

    private static async Task<ProgramRun> RunNativelyAsync(string name)
    {
        var directory = Directory.CreateTempSubdirectory($"nommu-{name}-").FullName;
        try
        {
            return await ProgramRun.NativelyAsync(Path.Combine(GuestPaths.Programs, name), directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
