using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nommu.Core.Boot;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Boot;

/// <summary>The container of one kernel's services.</summary>
public class KernelServicesTests
{
    private readonly ServiceCollection _services = [];
    private readonly List<string> _disposed = [];

    [Test]
    public void MakesOneOfEach()
    {
        _services.AddSingleton<Part>();
        using var services = new KernelServices(_services, host: null);
        var made = services.GetRequiredService<Part>();
        Assert.That(services.GetService<Part>(), Is.SameAs(made));
    }

    [Test]
    public void TheLaterRegistrationWins()
    {
        _services.AddSingleton(new Part("a")).AddSingleton(new Part("b"));
        using var services = new KernelServices(_services, host: null);
        Assert.That(services.GetRequiredService<Part>().Name, Is.EqualTo("b"));
    }

    [Test]
    public void ListsAllInOrder()
    {
        _services.AddSingleton(new Part("a")).AddSingleton(_ => new Part("b")).AddSingleton(new Part("c"));
        using var services = new KernelServices(_services, host: null);
        Assert.That(services.GetServices<Part>().Select(part => part.Name), Is.EqualTo(new[] { "a", "b", "c" }));
        var second = services.GetServices<Part>().ElementAt(1);
        Assert.That(services.GetServices<Part>(), Does.Contain(second));
        Assert.That(services.GetServices<Whole>(), Is.Empty);
    }

    [Test]
    public void FillsConstructors()
    {
        _services.AddSingleton<Whole>().AddSingleton(new Part("x"));
        using var services = new KernelServices(_services, host: null);
        Assert.That(services.GetRequiredService<Whole>().Part.Name, Is.EqualTo("x"));
    }

    [Test]
    public void AsksTheHostForWhatItHasNot()
    {
        using var host = new ServiceCollection().AddSingleton(new Part("host")).AddSingleton(new Whole(new Part("host"))).BuildServiceProvider();
        _services.AddSingleton(new Part("own"));
        using var services = new KernelServices(_services, host);
        Assert.That(services.GetRequiredService<Whole>().Part.Name, Is.EqualTo("host"));
        Assert.That(services.GetRequiredService<Part>().Name, Is.EqualTo("own"));
        Assert.That(services.GetServices<Part>().Select(part => part.Name), Is.EqualTo(new[] { "own" }), "a kernel's parts are its own");
    }

    [Test]
    public void KnowsWhatItHas()
    {
        using var host = new ServiceCollection().AddSingleton(new Part("host")).BuildServiceProvider();
        _services.AddSingleton<Whole>();
        using var services = new KernelServices(_services, host);
        Assert.That(services.IsService(typeof(Whole)), Is.True);
        Assert.That(services.IsService(typeof(Part)), Is.True);
        Assert.That(services.IsService(typeof(IServiceProvider)), Is.True);
        Assert.That(services.IsService(typeof(IEnumerable<string>)), Is.True);
        Assert.That(services.IsService(typeof(string)), Is.False);
        Assert.That(services.GetService(typeof(string)), Is.Null);
    }

    [Test]
    public void RefusesWhatIsNoSingleton()
    {
        Assert.That(() => new KernelServices(new ServiceCollection().AddTransient<Part>(), host: null), Throws.ArgumentException.With.Message.Contains(nameof(Part)));
        Assert.That(() => new KernelServices(new ServiceCollection().AddScoped<Part>(), host: null), Throws.ArgumentException);
        Assert.That(() => new KernelServices(new ServiceCollection().AddKeyedSingleton<Part>("key"), host: null), Throws.ArgumentException);
    }

    [Test]
    public void SaysThatAPartNeedsItself()
    {
        _services.AddSingleton(provider => provider.GetRequiredService<Part>());
        using var services = new KernelServices(_services, host: null);
        Assert.That(() => services.GetService<Part>(), Throws.InvalidOperationException.With.Message.Contains(nameof(Part)));
        Assert.That(() => services.GetService<Part>(), Throws.InvalidOperationException, "and says it again");
    }

    [Test]
    public void DisposesOfWhatItHasMadeLastFirst()
    {
        var given = new Owned("given", _disposed);
        _services.AddSingleton(given).AddSingleton(_ => new First("first", _disposed)).AddSingleton(_ => new Second("second", _disposed)).AddSingleton(_ => new Unused("unused", _disposed));
        var services = new KernelServices(_services, host: null);
        _ = services.GetService<Owned>();
        _ = services.GetService<Second>();
        _ = services.GetService<First>();
        services.Dispose();
        services.Dispose();
        Assert.That(_disposed, Is.EqualTo(new[] { "first", "second" }));
    }

    [Test]
    public void AKernelShowsItsParts()
    {
        using var kernel = Kernel.CreateBuilder().UseRewriting<TrapStrategy>().UseLogging(NullLoggerFactory.Instance).Build();
        Assert.That(kernel.Services.GetRequiredService<IRewritingStrategy>(), Is.InstanceOf<TrapStrategy>());
        Assert.That(kernel.Services.GetRequiredService<ILoggerFactory>(), Is.SameAs(NullLoggerFactory.Instance));
        Assert.That(kernel.Services.GetRequiredService<TimeProvider>(), Is.SameAs(TimeProvider.System));
    }

    private sealed class Part(string name = "")
    {
        internal string Name => name;
    }

    private sealed class Whole(Part part)
    {
        internal Part Part => part;
    }

    private class Owned(string name, List<string> disposed) : IDisposable
    {
        public void Dispose() => disposed.Add(name);
    }

    private sealed class First(string name, List<string> disposed) : Owned(name, disposed);

    private sealed class Second(string name, List<string> disposed) : Owned(name, disposed);

    private sealed class Unused(string name, List<string> disposed) : Owned(name, disposed);
}
