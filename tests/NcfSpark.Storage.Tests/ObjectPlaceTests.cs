using FsCheck.Xunit;
using NcfSpark.Core;

namespace NcfSpark.Storage.Tests;

public sealed class ObjectPlaceTests
{
    [Theory]
    [InlineData("s3://shop", "shop", "")]
    [InlineData("s3a://shop/", "shop", "")]
    [InlineData("S3://shop/a/b/", "shop", "a/b")]
    [InlineData("s3://my_shop.eu-1/a b/é?*.csv", "my_shop.eu-1", "a b/é?*.csv")]
    public void BothSchemesAndASlashAtTheEndNameTheSamePlace(string text, string bucket, string key)
    {
        var place = ObjectPlace.Parse(text, "--run");
        Assert.Equal(new ObjectPlace(bucket, key), place);
        Assert.Equal(place, ObjectPlace.Parse(place.ToString(), "--run"));
        Assert.Equal(place, ObjectPlace.Parse(place.ForSpark, "--run"));
        Assert.Equal(key.Length == 0 ? "x" : $"{key}/x", place.At("/x/").Key);
    }

    [Theory]
    [InlineData("s3:/shop/a", "does not begin with s3:// or s3a://")]
    [InlineData("s3://", "\"\" is no name of a bucket")]
    [InlineData("s3:///a", "\"\" is no name of a bucket")]
    [InlineData("s3://ab/a", "\"ab\" is no name of a bucket")]
    [InlineData("s3://a shop/a", "\"a shop\" is no name of a bucket")]
    [InlineData("s3://shop//a", null)] // a slash too many at the beginning does no harm
    [InlineData("s3://shop/a//b", "empty part")]
    [InlineData("s3://shop/a/../b", "\"..\" between slashes")]
    [InlineData("s3://shop/a\nb", "control characters")]
    [InlineData("s3://key:secret@shop/a", "credentials")]
    [InlineData("s3://localhost:9000/a", "port")]
    public void WhatIsWrongIsSaid(string text, string? wrong)
    {
        Assert.Equal(wrong is null, ObjectPlace.TryParse(text, out _, out string? said));
        if (wrong is null) return;
        Assert.Contains(wrong, said, StringComparison.Ordinal);
        string message = Assert.Throws<InvalidInputException>(() => ObjectPlace.Parse(text, "Input:Path")).Message;
        Assert.StartsWith("Input:Path s3:", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Property]
    public void NoTextIsAFaultOfTheProgram(string? text)
    {
        foreach (string given in new[] { text ?? "", $"s3://{text}", $"s3a://shop/{text}" })
        {
            if (ObjectPlace.TryParse(given, out ObjectPlace? place, out string? wrong)) Assert.Equal(place, ObjectPlace.Parse(place.ForSpark, ""));
            else Assert.NotEmpty(wrong);
        }
    }
}
