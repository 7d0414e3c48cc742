using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace Nommu.Core.Boot;

/// <summary>
/// One kernel's services: a small container of singletons, so that a kernel can be composed without any container, and several live side by side in one. What is not registered here is asked of the host's container, if there is one.
/// </summary>
/// <remarks>Resolved at boot, on one thread at a time. What it has made it disposes of, last made first; what it was given it leaves alone.</remarks>
internal sealed class KernelServices : IServiceProvider, IServiceProviderIsService, IDisposable
{
    private readonly ServiceDescriptor[] _descriptors;
    private readonly object?[] _instances;
    private readonly bool[] _making;
    private readonly List<IDisposable> _owned = [];
    private readonly IServiceProvider? _host;
    private readonly Lock _lock = new();

    /// <exception cref="ArgumentException">A registration is keyed or not a singleton.</exception>
    internal KernelServices(IServiceCollection services, IServiceProvider? host)
    {
        _descriptors = [.. services];
        foreach (var descriptor in _descriptors)
        {
            if (descriptor.IsKeyedService || descriptor.Lifetime != ServiceLifetime.Singleton)
                throw new ArgumentException($"A kernel's services are singletons without keys; {descriptor.ServiceType} is not.", nameof(services));
        }
        _instances = new object?[_descriptors.Length];
        _making = new bool[_descriptors.Length];
        _host = host;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        lock (_lock)
        {
            if (serviceType == typeof(IServiceProvider) || serviceType == typeof(IServiceProviderIsService))
                return this;
            if (serviceType.IsGenericType && serviceType.GetGenericTypeDefinition() == typeof(IEnumerable<>))
                return All(serviceType.GenericTypeArguments[0]);
            for (var i = _descriptors.Length - 1; i >= 0; i--)
            {
                if (_descriptors[i].ServiceType == serviceType)
                    return Instance(i);
            }
            return _host?.GetService(serviceType);
        }
    }

    /// <inheritdoc/>
    public bool IsService(Type serviceType) =>
        Array.Exists(_descriptors, descriptor => descriptor.ServiceType == serviceType) || serviceType == typeof(IServiceProvider)
        || (serviceType.IsGenericType && serviceType.GetGenericTypeDefinition() == typeof(IEnumerable<>))
        || _host?.GetService(typeof(IServiceProviderIsService)) is IServiceProviderIsService host && host.IsService(serviceType);

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Services are reference types, whose arrays share their code.")]
    private Array All(Type serviceType)
    {
        var found = new List<object>();
        for (var i = 0; i < _descriptors.Length; i++)
        {
            if (_descriptors[i].ServiceType == serviceType)
                found.Add(Instance(i));
        }
        var all = Array.CreateInstance(serviceType, found.Count);
        for (var i = 0; i < found.Count; i++)
            all.SetValue(found[i], i);
        return all;
    }

    private object Instance(int index)
    {
        if (_instances[index] is { } existing)
            return existing;
        var descriptor = _descriptors[index];
        if (descriptor.ImplementationInstance is { } given)
            return _instances[index] = given;
        if (_making[index])
            throw new InvalidOperationException($"{descriptor.ServiceType} needs itself.");
        _making[index] = true;
        try
        {
            var made = descriptor.ImplementationFactory?.Invoke(this) ?? ActivatorUtilities.CreateInstance(this, descriptor.ImplementationType!);
            if (made is IDisposable disposable && !_owned.Contains(disposable))
                _owned.Add(disposable);
            return _instances[index] = made;
        }
        finally
        {
            _making[index] = false;
        }
    }

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
        _owned.Clear();
    }
}
