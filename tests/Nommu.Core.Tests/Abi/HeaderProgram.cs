using System.Diagnostics;
using System.Globalization;

namespace Nommu.Core.Tests.Abi;

/// <summary>Asks the C compiler and Linux's own headers for the values of constant expressions.</summary>
internal static class HeaderProgram
{
    // The user-space headers of the kernel, without the C library's: there SIGRTMIN is 34 and struct stat another.
    private static readonly string[] Headers =
    [
        "stddef.h", "linux/types.h", "asm/unistd.h", "asm/fcntl.h", "linux/fcntl.h", "linux/openat2.h", "linux/stat.h", "asm/stat.h", "asm/statfs.h", "asm/signal.h", "asm/siginfo.h",
        "asm/sigcontext.h", "asm/ucontext.h", "linux/mman.h", "linux/poll.h", "linux/eventpoll.h", "linux/wait.h", "linux/fiemap.h", "linux/fs.h", "linux/fadvise.h", "linux/futex.h",
        "linux/prctl.h", "asm/prctl.h", "asm/auxvec.h", "linux/auxvec.h", "linux/time.h", "linux/times.h", "linux/timerfd.h", "linux/resource.h", "asm/ioctls.h", "asm/termbits.h",
        "asm/termios.h", "linux/magic.h", "linux/romfs_fs.h", "linux/capability.h", "linux/falloc.h", "linux/xattr.h", "linux/mount.h", "linux/sched.h", "linux/utsname.h", "linux/sysinfo.h",
        "linux/random.h", "linux/memfd.h", "linux/reboot.h", "linux/personality.h", "linux/close_range.h", "linux/membarrier.h", "linux/inotify.h", "linux/uio.h", "linux/kd.h", "linux/vt.h",
        "linux/rtc.h", "linux/ipc.h", "linux/shm.h", "linux/sem.h", "linux/msg.h", "asm/errno.h",
    ];

    /// <summary>The values of those expressions that mean something; with <paramref name="macros"/> only those whose name is a macro.</summary>
    internal static async Task<Dictionary<string, long>> EvaluateAsync(IEnumerable<string> expressions, bool macros)
    {
        var folder = Directory.CreateTempSubdirectory("abi");
        try
        {
            var source = Path.Combine(folder.FullName, "abi.c");
            await using (var writer = new StreamWriter(source))
            {
                foreach (var header in Headers)
                    writer.WriteLine($"#include <{header}>");
                writer.WriteLine("#define _NSIG 64"); // SIGRTMAX is made of it, and only the kernel defines it
                writer.WriteLine("extern int printf(const char *, ...);\nint main(void)\n{");
                foreach (var expression in expressions)
                    writer.WriteLine(macros ? $"#ifdef {expression}\n{Print(expression)}\n#endif" : Print(expression));
                writer.WriteLine("return 0;\n}");
            }
            var program = Path.Combine(folder.FullName, "abi");
            await RunAsync("cc", "-w", "-O0", "-o", program, source);
            return (await RunAsync(program)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('='))
                .ToDictionary(pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture));
        }
        finally
        {
            folder.Delete(true);
        }
    }

    private static string Print(string expression) => $"printf(\"{expression}=%lld\\n\", (long long)({expression}));";

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, await error);
        return output;
    }
}
