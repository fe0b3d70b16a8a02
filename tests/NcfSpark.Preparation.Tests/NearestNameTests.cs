namespace NcfSpark.Preparation.Tests;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("user_id", "user_id")]
    [InlineData("USERID", "userId")]
    [InlineData("usr_id", "user_id")]
    [InlineData("timestmap", "timestamp")]
    [InlineData("xyz", null)]
    [InlineData("", null)]
    public void TheNearestIsFoundWhereOneIsNear(string meant, string? nearest) => Assert.Equal(nearest, NearestName.Of(meant, ["user_id", "userId", "timestamp", "rating"]));
}
