using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

public sealed class SparkConnectionStringTests
{
    [Theory]
    [InlineData("sc://spark", "spark", 15002)]
    [InlineData("sc://spark:15", "spark", 15)]
    [InlineData("sc://10.0.0.7:443/", "10.0.0.7", 443)]
    [InlineData("sc://[::1]:15002/;user_id=ann", "[::1]", 15002)]
    public void HostAndPortAreRead(string text, string host, int port)
    {
        var address = SparkConnectionString.Parse(text);
        Assert.Equal((host, port), (address.Host, address.Port));
        Assert.Equal(new Uri($"http://{host}:{port}/"), address.ChannelAddress);
    }

    [Fact]
    public void SettingsAreReadAndUnescaped()
    {
        var address = SparkConnectionString.Parse(
            "sc://h/;token=a%3Db%3B;user_id=ann;user_agent=night;use_ssl=false;session_id=00112233-4455-6677-8899-aabbccddeeff;x-cluster-id=7");
        Assert.Equal(("a=b;", "ann", "night", false), (address.Token, address.UserId, address.UserAgent, address.UseTls));
        Assert.Equal(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), address.SessionId);
        Assert.Equal(new KeyValuePair<string, string>("x-cluster-id", "7"), Assert.Single(address.Headers));
    }

    [Theory]
    [InlineData("sc://spark/;token=t", true)] // no token crosses a network in the clear unasked
    [InlineData("sc://spark/;token=t;use_ssl=false", false)]
    [InlineData("sc://spark/;use_ssl=true", true)]
    [InlineData("sc://spark", false)]
    [InlineData("sc://localhost/;token=t", false)]
    [InlineData("sc://127.0.0.1/;token=t", false)]
    [InlineData("sc://[::1]/;token=t;use_ssl=true", true)]
    public void TheConnectionIsEncryptedWhereAskedOrWhereATokenLeavesTheMachine(string text, bool encrypted) =>
        Assert.Equal(encrypted, SparkConnectionString.Parse(text).UseTls);

    [Fact]
    public void TheEnvironmentsTokenServesWhereTheAddressHasNone()
    {
        Assert.Equal("e", SparkConnectionString.Parse("sc://h", "e").Token);
        Assert.Equal("t", SparkConnectionString.Parse("sc://h/;token=t", "e").Token);
        Assert.Null(SparkConnectionString.Parse("sc://h", "").Token);
    }

    [Theory]
    [InlineData("spark://h:7077", "does not begin with sc://")]
    [InlineData("sc://", "there is no host")]
    [InlineData("sc://:15002", "there is no host")]
    [InlineData("sc://a b", "\"a b\" is no host name")]
    [InlineData("sc://h:0", "\"0\" is no port from 1 to 65535")]
    [InlineData("sc://h:15002x", "\"15002x\" is no port")]
    [InlineData("sc://[::1", "closing bracket")]
    [InlineData("sc://h/path", "there is a path, \"path\"")]
    [InlineData("sc://h/;tokn=x", "\"tokn\" is not known; known are token, use_ssl")]
    [InlineData("sc://h/;user_id=", "\"user_id\" has no value")]
    [InlineData("sc://h/;use_ssl=yes", "use_ssl is \"yes\"")]
    [InlineData("sc://h/;session_id=7", "no UUID")]
    public void WhatIsWrongIsNamed(string text, string problem)
    {
        var failure = Assert.Throws<InvalidInputException>(() => SparkConnectionString.Parse(text));
        Assert.Contains(problem, failure.Message);
        Assert.Contains("sc://host[:port]/;token=", failure.Message);
    }

    [Fact]
    public void NoTokenIsShown()
    {
        Assert.DoesNotContain("secret", SparkConnectionString.Parse("sc://h/;token=secret").ToString());
        var failure = Assert.Throws<InvalidInputException>(() => SparkConnectionString.Parse("sc://h/;token=secret;usr=x"));
        Assert.DoesNotContain("secret", failure.Message);
    }
}
