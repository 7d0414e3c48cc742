using System.Diagnostics;
using Nommu.Core.Processes;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Guest;

/// <summary>Random programs write the same registers in the kernel as on the host's own Linux, whatever is put in the place of their system calls.</summary>
[TestFixture(typeof(DetourStrategy))]
[TestFixture(typeof(TrapStrategy))]
public class RandomProgramTests<TStrategy> where TStrategy : class, IRewritingStrategy
{
    [Test]
    public async Task RegistersAreWhatTheyAreOnLinux()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var directory = Directory.CreateTempSubdirectory("nommu-random-");
        try
        {
            var count = 25 * TestLength.Times;
            for (var i = 0; i < count; i++)
            {
                var path = Path.Combine(directory.FullName, $"{seed + i}");
                await File.WriteAllBytesAsync(path, RandomProgram.Make(seed + i));
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }
            await using var kernel = Kernel.CreateBuilder().UseRewriting<TStrategy>().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/random", directory.FullName).Build();
            await kernel.BootAsync();
            for (var i = 0; i < count; i++)
            {
                var native = await NativelyAsync(Path.Combine(directory.FullName, $"{seed + i}"));
                Assert.That(native.Status, Is.Zero, $"natively, program {seed + i}");
                Assert.That(await InKernelAsync(kernel, $"/random/{seed + i}"), Is.EqualTo(native), $"program {seed + i}");
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<(string Output, int Status)> NativelyAsync(string path)
    {
        using var process = Process.Start(new ProcessStartInfo(path) { RedirectStandardOutput = true })!;
        var output = await ReadAsync(process.StandardOutput.BaseStream);
        await process.WaitForExitAsync();
        return (output, process.ExitCode);
    }

    private static async Task<(string Output, int Status)> InKernelAsync(Kernel kernel, string path)
    {
        var process = kernel.Start(new GuestProcessStartInfo(path) { StandardInput = GuestStandardStream.Null });
        var output = await ReadAsync(process.StandardOutput.BaseStream);
        return (output, await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30)));
    }

    /// <summary>A line for each time that the program has written its registers.</summary>
    private static async Task<string> ReadAsync(Stream stream)
    {
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return string.Join('\n', bytes.ToArray().Chunk(8).Chunk(48).Select(registers => string.Join(' ', registers.Select(word => Convert.ToHexString(word)))));
    }
}
