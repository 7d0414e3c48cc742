using Microsoft.Extensions.DependencyInjection.Extensions;
using Nommu.Core;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes a kernel a service of the host's.</summary>
public static class NommuServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="Kernel"/>, built when it is first asked for and disposed of with the container. What it is not given of its own it asks of the container: a logger factory above all.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Composes it.</param>
    /// <returns>The host's services.</returns>
    public static IServiceCollection AddNommuKernel(this IServiceCollection services, Action<KernelBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.TryAddSingleton(provider =>
        {
            var builder = new KernelBuilder(provider);
            configure(builder);
            return builder.Build();
        });
        return services;
    }
}
