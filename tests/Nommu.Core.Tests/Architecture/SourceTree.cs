using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Nommu.Core.Tests.Architecture;

/// <summary>The source of src/Nommu.Core, parsed once.</summary>
internal static class SourceTree
{
    private static readonly Lazy<IReadOnlyList<SourceFile>> s_files = new(Parse);

    // Not by the caller's file path: a deterministic build says another one.
    internal static string Root { get; } =
        Path.GetDirectoryName(typeof(SourceTree).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == "PackedProject").Value)!;

    internal static IReadOnlyList<SourceFile> Files => s_files.Value;

    private static List<SourceFile> Parse() =>
    [
        .. Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.StartsWith("obj/", StringComparison.Ordinal) && !path.StartsWith("bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => new SourceFile(path, File.ReadAllText(Path.Combine(Root, path)))),
    ];
}

/// <summary>One file, by its path below src/Nommu.Core.</summary>
internal sealed class SourceFile(string path, string text)
{
    internal string Path => path;

    /// <summary>Empty for the root types.</summary>
    internal string Folder { get; } = System.IO.Path.GetDirectoryName(path)!.Replace('\\', '/');

    internal int Lines { get; } = text.Count(character => character == '\n');

    internal CompilationUnitSyntax Syntax { get; } = CSharpSyntaxTree.ParseText(text).GetCompilationUnitRoot();

    internal bool IsIn(string folder) => Folder == folder || Folder.StartsWith(folder + "/", StringComparison.Ordinal);

    /// <summary>Names that are used with their namespace: usings, and names in full. As far below <c>Nommu.Core.</c> as they are written, with slashes.</summary>
    internal IEnumerable<string> NamesOfFolders() =>
        Syntax.DescendantNodes(descendIntoTrivia: false)
            .OfType<QualifiedNameSyntax>()
            .Select(name => name.ToString())
            .Concat(Syntax.DescendantNodes().OfType<MemberAccessExpressionSyntax>().Select(access => access.ToString()))
            .Where(name => name.StartsWith("Nommu.Core.", StringComparison.Ordinal))
            .Select(name => name["Nommu.Core.".Length..].Replace('.', '/'))
            .Except(Syntax.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().Select(space => space.Name.ToString().Replace("Nommu.Core.", "", StringComparison.Ordinal).Replace('.', '/')));
}
