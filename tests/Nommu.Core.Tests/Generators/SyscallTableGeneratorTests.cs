using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Nommu.Core.Generators;

namespace Nommu.Core.Tests.Generators;

public class SyscallTableGeneratorTests
{
    private const string Frame = """
        namespace Nommu.Core.Abi { enum SystemCallNumber { getpid = 39, kill = 62 } }
        namespace Nommu.Core.Processes { class GuestThread { } }
        namespace Nommu.Core.Syscalls
        {
            using Nommu.Core.Processes;
            class SyscallAttribute(int number, string name) : System.Attribute { }
            struct SyscallResult { }
            record struct SyscallArguments(ulong A0, ulong A1, ulong A2, ulong A3, ulong A4, ulong A5);
            delegate SyscallResult SyscallHandler(GuestThread thread, in SyscallArguments arguments);
            record SyscallDescription(int Number, string Name, SyscallClasses Classes, SyscallArgument[] Arguments, TraceFormat? Result);
            record SyscallArgument(string Name, bool IsOut, TraceFormat Format);
            delegate void TraceFormat(Tracing.TraceWriter writer, in SyscallArguments arguments);
            enum SyscallClasses { }
            class ElementsAttribute(string count) : System.Attribute { }
            class ShownByAttribute(string method) : System.Attribute { }
            readonly record struct UserPtr<T>(ulong Address);
            enum Signal : short { }
            static class Calls { /*calls*/ }
        }
        namespace Nommu.Core.Syscalls.Tracing
        {
            class TraceWriter
            {
                internal SyscallResult Result;
                internal void Show(object value) { }
                internal void Address(ulong address) { }
                internal void Descriptor(int fd) { }
                internal void Path(in SyscallArguments a, int index, int directory) { }
                internal void Array<T>(UserPtr<T> pointer, long count, System.Action<TraceWriter, T> show) { }
                internal void Special(in SyscallArguments a, int index) { }
            }
        }
        """;

    private static (string[] Errors, string Table) Run(string calls)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':').Select(path => MetadataReference.CreateFromFile(path));
        var tree = CSharpSyntaxTree.ParseText(Frame.Replace("/*calls*/", calls), new CSharpParseOptions(LanguageVersion.Latest));
        var compilation = CSharpCompilation.Create("test", [tree], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        CSharpGeneratorDriver.Create([new SyscallTableGenerator().AsSourceGenerator()], parseOptions: (CSharpParseOptions)tree.Options)
            .RunGeneratorsAndUpdateCompilation(compilation, out var output, out var diagnostics);
        var errors = diagnostics.Concat(output.GetDiagnostics()).Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.Id).ToArray();
        return (errors, output.SyntaxTrees.Last().ToString());
    }

    [Test]
    public void EveryArgumentTakesItsRegister()
    {
        var (errors, table) = Run("[Syscall(62, \"kill\")] internal static SyscallResult Kill(GuestThread thread, int pid, Signal signal, UserPtr<byte> path, nuint length, ulong last) => default;");
        Assert.That(errors, Is.Empty);
        Assert.That(table, Does.Contain("unchecked((int)a.A0)").And.Contain("(short)a.A1").And.Contain("UserPtr<byte>(a.A2)"));
    }

    [Test]
    public void TheTraceKnowsAnArgumentByTypeAttributesAndName()
    {
        var (errors, table) = Run("[Syscall(62, \"kill\")] internal static SyscallResult Kill(GuestThread thread, int fd, UserPtr<byte> path, [Elements(nameof(count))] UserPtr<int> list, nuint count, [System.Runtime.InteropServices.Out, ShownBy(\"Special\")] ulong last) => default;");
        Assert.That(errors, Is.Empty);
        Assert.That(table, Does.Contain("\"kill\", (SyscallClasses)3,").And.Contain("new(\"fd\", false, static (TraceWriter w, in SyscallArguments a) => w.Descriptor(unchecked((int)a.A0)))").And.Contain("w.Path(a, 1, -1)")
            .And.Contain("(long)unchecked((nuint)a.A3), static (w, v) => w.Show(v))").And.Contain("new(\"last\", true, static (TraceWriter w, in SyscallArguments a) => w.Special(a, 4))"));
    }

    [TestCase("[Syscall(39, \"getpid\")] internal static SyscallResult A(GuestThread t) => default; [Syscall(39, \"getpid\")] internal static SyscallResult B(GuestThread t) => default;", "NOMMU001")]
    [TestCase("[Syscall(39, \"getpid\")] internal static int A(GuestThread t) => 0;", "NOMMU002")]
    [TestCase("[Syscall(39, \"getpid\")] internal static SyscallResult A(GuestThread t, string s) => default;", "NOMMU002")]
    [TestCase("[Syscall(40, \"getpid\")] internal static SyscallResult A(GuestThread t) => default;", "NOMMU003")]
    [TestCase("[Syscall(39, \"getpit\")] internal static SyscallResult A(GuestThread t) => default;", "NOMMU003")]
    public void AMistakeIsACompileError(string calls, string error) => Assert.That(Run(calls).Errors, Does.Contain(error));
}
