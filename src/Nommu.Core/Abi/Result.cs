namespace Nommu.Core.Abi;

/// <summary>A value or an <see cref="Errno"/>: how every operation inside the kernel reports failure. Operations without a value return a plain <see cref="Errno"/>.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public readonly struct Result<T>
{
    private readonly T _value;

    private Result(T value, Errno error) => (_value, Error) = (value, error);

    /// <summary><see cref="Errno.None"/> when there is a value.</summary>
    public Errno Error { get; }

    /// <summary>True when there is a value.</summary>
    public bool IsOk => Error == Errno.None;

    /// <summary>The value; the type's default when <see cref="Error"/> is set.</summary>
    public T Value => _value;

    /// <summary>Splits the result: <c>if (!result.TryGet(out var value)) return result.Error;</c></summary>
    /// <param name="value">The value when there is one.</param>
    /// <returns>True when there is a value.</returns>
    public bool TryGet([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return Error == Errno.None;
    }

    /// <summary>Wraps a value.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator Result<T>(T value) => new(value, Errno.None);

    /// <summary>Wraps an error.</summary>
    /// <param name="error">Not <see cref="Errno.None"/>.</param>
    public static implicit operator Result<T>(Errno error) => new(default!, error);
}
