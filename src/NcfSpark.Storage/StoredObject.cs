namespace NcfSpark.Storage;

/// <summary>An object as a listing shows it.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="ETag">Changes whenever the object does; otherwise opaque.</param>
/// <param name="Modified">When it was written, by the store's clock.</param>
public sealed record StoredObject(ObjectPlace Place, long Bytes, string ETag, DateTimeOffset Modified);

/// <summary>A small object as a whole.</summary>
/// <param name="ETag">For <see cref="ObjectStore.Replace"/>.</param>
public sealed record StoredBytes(byte[] Bytes, string ETag);

/// <summary>
/// The store was not reached, or answered with its own errors for as long as was tried: exit code 1, and the same command may work a little later. The message
/// says where and what.
/// </summary>
public sealed class StorageUnavailableException(string message, Exception cause) : IOException(message, cause);
