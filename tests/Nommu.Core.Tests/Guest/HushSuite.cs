using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Nommu.Core.Tests.Guest;

/// <summary>The scripts with which busybox tests hush, from its source package, laid out so that the host's Linux and a kernel run them alike: the same binary, each script in a folder of its own.</summary>
/// <remarks>What the suite's own <c>run-all</c> does for a script: its folder is the working directory, PATH leads to the applets, THIS_SH names the shell, the configuration is exported, and what comes out on both streams is held against NAME.right.</remarks>
internal sealed partial class HushSuite : IDisposable
{
    /// <summary>Where they lie in a kernel.</summary>
    internal const string InKernel = "/hush_test";

    private const string AppletFolder = "applets";
    private readonly string[] _configuration;

    internal HushSuite()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("nommu-hush-").FullName;
        LayOutApplets();
        foreach (var script in Scripts())
            LayOut(script);
        var mentioned = Scripts().SelectMany(script => ConfigurationName().Matches(File.ReadAllText(Source(script, "tests")))).Select(match => match.Value).ToFrozenSet();
        _configuration = [.. File.ReadLines(Path.Combine(Folder, ".config")).Where(line => mentioned.Contains(line.Split('=')[0]))];
    }

    /// <summary>Where they lie on the host.</summary>
    internal string Directory { get; }

    private static string Folder => Path.Combine(GuestPaths.Cache, "hush_test");

    /// <summary>Their names, as hush-vars/var1. Those that take longest come first.</summary>
    internal static IEnumerable<string> Scripts() =>
        from path in System.IO.Directory.EnumerateFiles(Folder, "*.tests", SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Folder, path)[..^".tests".Length]
        where File.Exists(Source(name, "right"))
        orderby name.Contains("many_ifs", StringComparison.Ordinal) descending, name.StartsWith("hush-z_slow", StringComparison.Ordinal) descending, name
        select name;

    /// <summary>What a script is to print.</summary>
    internal static string Expected(string script) => File.ReadAllText(Source(script, "right"));

    /// <summary>Whether a script's outcome hangs on how fast things go: it sleeps for a moment, or signals what may not have got that far.</summary>
    internal static bool IsTimed(string script) => Timing().IsMatch(File.ReadAllText(Source(script, "tests")));

    internal Task<ProgramRun> NativelyAsync(string script) =>
        ProgramRun.NativelyAsync(Path.Combine(GuestPaths.Programs, "pristine.tool"), Path.Combine(Directory, script), [Path.Combine(Directory, AppletFolder, "env"), .. Arguments(Directory, script)]);

    internal Task<ProgramRun> InKernelAsync(Kernel kernel, string script) =>
        ProgramRun.InKernelAsync(kernel, $"{InKernel}/{AppletFolder}/env", $"{InKernel}/{script}", Arguments(InKernel, script));

    /// <summary>The suite takes out of the output what C libraries differ in.</summary>
    internal static string Filter(string output) =>
        string.Join('\n', output.Split('\n').Select(line => line.Contains(": invalid option ", StringComparison.Ordinal) ? line.Replace("'", "", StringComparison.Ordinal) : line));

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    // As from a terminal at which nobody types, nothing comes in and there is no end.
    private string[] Arguments(string top, string script)
    {
        var applets = $"{top}/{AppletFolder}";
        return ["-i", $"PATH={applets}", "HOME=/", $"THIS_SH={applets}/hush", .. _configuration, "sh", "-c", "mkfifo .input 2>/dev/null; exec \"$@\" 2>&1 0<>.input", "sh", $"{applets}/hush", $"./{Path.GetFileName(script)}.tests"];
    }

    private void LayOutApplets()
    {
        var applets = System.IO.Directory.CreateDirectory(Path.Combine(Directory, AppletFolder)).FullName;
        File.Copy(Path.Combine(GuestPaths.Root, "bin/busybox-static"), Path.Combine(applets, "busybox"));
        foreach (var applet in File.ReadLines(Path.Combine(GuestPaths.Cache, "busybox.applets")).Where(applet => applet != "busybox"))
            File.CreateSymbolicLink(Path.Combine(applets, applet), "busybox");
    }

    private void LayOut(string script)
    {
        var target = System.IO.Directory.CreateDirectory(Path.Combine(Directory, script)).FullName;
        File.Copy(Source(script, "tests"), Path.Combine(target, Path.GetFileName(script) + ".tests"));
        foreach (var beside in System.IO.Directory.EnumerateFiles(Path.GetDirectoryName(Source(script, "tests"))!).Where(path => Path.GetExtension(path) is not (".tests" or ".right")))
            File.Copy(beside, Path.Combine(target, Path.GetFileName(beside)));
    }

    private static string Source(string script, string extension) => Path.Combine(Folder, $"{script}.{extension}");

    [GeneratedRegex(@"CONFIG_\w+")]
    private static partial Regex ConfigurationName();

    [GeneratedRegex(@"\b(sleep|usleep|kill|wait)\b")]
    private static partial Regex Timing();
}
