using NcfSpark.Core;

namespace NcfSpark.Serving;

/// <summary>A request that is not answered as it stands. The message says what is wrong and what to do; texts of the request in it are escaped.</summary>
internal sealed class RefusedRequestException : Exception
{
    public RefusedRequestException(int status, string message)
        : base(message) => Status = status;

    /// <summary>The status of the answer, 400 or above.</summary>
    public int Status { get; }

    /// <summary>How long to wait before the same request may be answered, in seconds; null where waiting does not help.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>400: the request is at fault.</summary>
    public static RefusedRequestException Bad(string message) => new(400, message);

    /// <summary>400 for a name that is none of those known, with the nearest.</summary>
    public static RefusedRequestException Unknown(string what, string name, params string[] known)
    {
        string cure = NearestName.Of(name, known) is { } meant ? $"Did you mean {meant}?" : $"There are {string.Join(", ", known)}.";
        return Bad($"{what} '{ShownText.Of(name)}' is unknown. {cure}");
    }
}
