using System.Collections.Concurrent;

namespace Nommu.Core.Tests.Guest;

/// <summary>The programs of tests/guest, and what they print on the host's own Linux: asked once, for every kernel that is compared with it.</summary>
internal static class GuestProgram
{
    // What a program ends with where the host does not let it try.
    private const int NotPossible = 77;

    private static readonly Dictionary<string, bool> s_isDynamic =
        File.ReadLines(Path.Combine(GuestPaths.Programs, "programs.list")).Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1] == "dynamic", StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<string, Lazy<Task<ProgramRun>>> s_native = new(StringComparer.Ordinal);

    internal static IEnumerable<string> Names() => s_isDynamic.Keys.Order(StringComparer.Ordinal);

    internal static Task<ProgramRun> NativelyAsync(string name) =>
        s_native.GetOrAdd(name, static name => new Lazy<Task<ProgramRun>>(() => RunNativelyAsync(name))).Value;

    /// <param name="native">On the host's Linux.</param>
    /// <param name="guest">In a kernel.</param>
    /// <param name="mayDiffer">How lines begin that are not compared.</param>
    internal static void AssertTheSame(ProgramRun native, ProgramRun guest, params string[] mayDiffer)
    {
        if (native.Status == NotPossible)
        {
            Assert.That(guest.Status, Is.Zero, guest.Output + guest.Error);
            return;
        }
        Assert.That(native.Status, Is.Zero, $"natively: {native.Output}{native.Error}");
        Assert.Multiple(() =>
        {
            Assert.That(Lines(guest, mayDiffer), Is.EqualTo(Lines(native, mayDiffer)), "the output");
            Assert.That(guest.Error, Is.EqualTo(native.Error), "the errors");
            Assert.That(guest.Status, Is.EqualTo(native.Status), "the status");
        });
    }

    private static string[] Lines(ProgramRun run, string[] mayDiffer) =>
        [.. run.Output.Split('\n').Select(line => mayDiffer.FirstOrDefault(beginning => line.StartsWith(beginning, StringComparison.Ordinal)) ?? line)];

    private static async Task<ProgramRun> RunNativelyAsync(string name)
    {
        var directory = Directory.CreateTempSubdirectory($"nommu-{name}-").FullName;
        try
        {
            var path = Path.Combine(GuestPaths.Programs, name);
            // The host need not have the interpreter where the program asks for it.
            return s_isDynamic[name]
                ? await ProgramRun.NativelyAsync(Path.Combine(GuestPaths.Root, "lib/ld-musl-x86_64.so.1"), directory, path)
                : await ProgramRun.NativelyAsync(path, directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
