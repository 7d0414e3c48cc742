using System.Diagnostics;
using System.IO.Compression;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Packaging;

/// <summary>The package holds what a user needs, and a project that knows nothing of this repository boots a guest with it.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class PackageTests
{
    private const string Version = "0.1.0";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    private DirectoryInfo _folder = null!;

    private string Packages => Path.Combine(_folder.FullName, "packages");

    [OneTimeSetUp]
    public async Task PackAsync()
    {
        _folder = Directory.CreateTempSubdirectory("nommu-package-");
        // What this test itself was built with is packed: nothing is built again.
        await DotnetAsync(_folder.FullName, "pack", PackagePaths.Project, "--no-build", "-c", PackagePaths.Configuration, "-o", Packages);
    }

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Delete(recursive: true);

    [Test]
    public void HoldsWhatAPackageHas()
    {
        using var package = ZipFile.OpenRead(Path.Combine(Packages, $"Nommu.Core.{Version}.nupkg"));
        var names = package.Entries.Select(entry => entry.FullName).ToList();
        Assert.That(names, Is.SupersetOf(new[]
        {
            "README.md", "icon.png", "LICENSE", "lib/net10.0/Nommu.Core.dll", "lib/net10.0/Nommu.Core.xml", "analyzers/dotnet/cs/Nommu.Core.Generators.dll",
        }));
        Assert.That(names, Has.None.EndsWith(".pdb"), "symbols have a package of their own");
        using var nuspec = new StreamReader(package.GetEntry("Nommu.Core.nuspec")!.Open());
        var text = nuspec.ReadToEnd();
        Assert.That(text, Does.Contain("<readme>README.md</readme>").And.Contain("<icon>icon.png</icon>").And.Contain("<license type=\"file\">LICENSE</license>"));
        Assert.That(System.Text.RegularExpressions.Regex.Matches(text, "<dependency id=\"([^\"]*)\"").Select(match => match.Groups[1].Value), Is.EquivalentTo(new[]
        {
            "Iced", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions",
        }));
    }

    [Test]
    public void HasSymbols()
    {
        using var symbols = ZipFile.OpenRead(Path.Combine(Packages, $"Nommu.Core.{Version}.snupkg"));
        Assert.That(symbols.Entries.Select(entry => entry.FullName), Does.Contain("lib/net10.0/Nommu.Core.pdb"));
    }

    [Test]
    public async Task AProjectOfItsOwnRunsAGuest()
    {
        var project = _folder.CreateSubdirectory("user").FullName;
        await File.WriteAllTextAsync(Path.Combine(project, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="this" value="{Packages}" />
                <add key="built-with" value="{PackagePaths.GlobalPackages}" />
              </packageSources>
            </configuration>
            """);
        await File.WriteAllTextAsync(Path.Combine(project, "User.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <NuGetAudit>false</NuGetAudit>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <UseSharedCompilation>false</UseSharedCompilation>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Nommu.Core" Version="{Version}" />
              </ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(project, "Program.cs"), """
            using Nommu.Core;
            using Nommu.Core.Processes;

            await using var kernel = Kernel.CreateBuilder().UseRootDirectory(args[0]).Build();
            await kernel.BootAsync();
            var process = kernel.Start(new GuestProcessStartInfo("/bin/sh", "-c", "echo a guest of $(uname -s)"));
            Console.Write(await process.StandardOutput.ReadToEndAsync());
            return await process.WaitForExitAsync();
            """);
        // Packages are unpacked here, so that this one never gets among the user's own.
        await DotnetAsync(project, "restore", "--packages", Path.Combine(_folder.FullName, "unpacked"), "--configfile", "nuget.config");
        await DotnetAsync(project, "build", "--no-restore", "-v", "quiet");
        var said = await DotnetAsync(project, Path.Combine(project, "bin/Debug/net10.0/User.dll"), GuestPaths.Root);
        Assert.That(said, Is.EqualTo("a guest of Linux\n"));
    }

    private static async Task<string> DotnetAsync(string directory, params string[] arguments)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet", arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        info.Environment["DOTNET_NOLOGO"] = "1";
        info.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.Ordinal)).ToList())
            info.Environment.Remove(name); // those of the build that runs these tests
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Longest);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        Assert.That(process.ExitCode, Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{await output}{await error}");
        return await output;
    }
}
