using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Nommu.Core.Tests.Architecture;

/// <summary>The rules of the code base that the compiler does not know.</summary>
public class ArchitectureTests
{
    private const int LongestFile = 600;

    /// <summary>Which file system stands on which: a devtmpfs is a tmpfs, epoll waits as poll does, /proc/sys sets the pipes' limits.</summary>
    private static readonly HashSet<(string File, string Folder)> s_standsOn =
    [
        ("Fs/Devtmpfs/DevtmpfsType.cs", "Fs/Tmpfs"),
        ("Fs/Epoll/EpollFile.Wait.cs", "Fs/Polling"),
        ("Fs/Procfs/SysctlTree.cs", "Fs/Pipes"),
    ];

    [Test]
    public void UnsafeStaysInHostAndExecution() =>
        AssertNone(from file in Fenced() from token in file.Syntax.DescendantTokens() where token.IsKind(SyntaxKind.UnsafeKeyword) select file.Path);

    [Test]
    public void ForeignFunctionsAreImportedInHostAndExecution() =>
        AssertNone(
            from file in Fenced()
            from attribute in file.Syntax.DescendantNodes().OfType<AttributeSyntax>()
            where attribute.Name.ToString().Split('.')[^1] is "DllImport" or "LibraryImport" or "DllImportAttribute" or "LibraryImportAttribute"
            select file.Path);

    [Test]
    public void NothingUsesBoot() =>
        AssertNone(
            from file in SourceTree.Files
            where !file.IsIn("Boot") && file.Folder.Length != 0
            where file.NamesOfFolders().Any(name => name == "Boot" || name.StartsWith("Boot/", StringComparison.Ordinal))
            select file.Path);

    [Test]
    public void FileSystemsDoNotUseEachOther()
    {
        var folders = SourceTree.Files.Select(file => file.Folder).Where(folder => folder.StartsWith("Fs/", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        Assert.That(folders, Has.Count.GreaterThan(5));
        AssertNone(
            from file in SourceTree.Files
            where folders.Contains(file.Folder)
            from name in file.NamesOfFolders()
            from folder in folders
            where folder != file.Folder && (name == folder || name.StartsWith(folder + "/", StringComparison.Ordinal)) && !s_standsOn.Contains((file.Path, folder))
            select $"{file.Path} uses {folder}");
    }

    [Test]
    public void FilesAreShort() => AssertNone(from file in SourceTree.Files where file.Lines > LongestFile select $"{file.Path}: {file.Lines} lines");

    /// <summary>Page zero is the process's, so the trampoline on it is.</summary>
    [Test]
    public void NothingStaticChanges() =>
        AssertNone(
            from file in SourceTree.Files
            where file.Path != "Execution/ZpolineTrampoline.cs"
            from member in file.Syntax.DescendantNodes().OfType<MemberDeclarationSyntax>()
            where member.Modifiers.Any(SyntaxKind.StaticKeyword)
            where member is FieldDeclarationSyntax field && !field.Modifiers.Any(SyntaxKind.ReadOnlyKeyword)
                || member is PropertyDeclarationSyntax { AccessorList.Accessors: var accessors } && accessors.Any(accessor => accessor.IsKind(SyntaxKind.SetAccessorDeclaration) && accessor.Body is null && accessor.ExpressionBody is null)
                || member is EventFieldDeclarationSyntax
            select $"{file.Path}: {member.ToString().Trim()}");

    [Test]
    public void TheMapNamesEveryFolder()
    {
        var map = File.ReadAllText(Path.Combine(SourceTree.Root, "README.md"));
        AssertNone(from folder in SourceTree.Files.Select(file => file.Folder).Distinct() where folder.Length != 0 && !map.Contains($"- `{folder}/`", StringComparison.Ordinal) select folder);
    }

    [Test]
    public void TheMapNamesNoFolderThatIsNotThere()
    {
        var folders = SourceTree.Files.Select(file => file.Folder).ToHashSet(StringComparer.Ordinal);
        var named = File.ReadLines(Path.Combine(SourceTree.Root, "README.md")).Where(line => line.StartsWith("- `", StringComparison.Ordinal)).Select(line => line.Split('`')[1].TrimEnd('/'));
        AssertNone(named.Where(folder => !folders.Contains(folder)));
    }

    private static IEnumerable<SourceFile> Fenced() => SourceTree.Files.Where(file => !file.IsIn("Host") && !file.IsIn("Execution"));

    private static void AssertNone(IEnumerable<string> offenders) => Assert.That(offenders.Distinct().ToArray(), Is.Empty);
}
