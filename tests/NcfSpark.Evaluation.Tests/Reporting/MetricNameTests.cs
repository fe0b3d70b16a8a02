using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public class MetricNameTests
{
    [Theory]
    [InlineData("hr@10", "HR@10")]
    [InlineData("ndcg@5", "NDCG@5")]
    [InlineData("recall@10", "Recall@10")]
    [InlineData("log_loss", "Log loss")]
    [InlineData("auc", "AUC")]
    public void NamesAreThoseOfTheField(string key, string title) => Assert.Equal(title, new MetricName(key).Title);

    [Fact]
    public void DifferencesCarryASignUnlessTheyRoundToNothing()
    {
        var name = new MetricName("ndcg@10");
        Assert.Equal("+0.0123", name.FormatDifference(0.01234));
        Assert.Equal("−0.0123", name.FormatDifference(-0.01234));
        Assert.Equal("0.0000", name.FormatDifference(-0.00001));
        Assert.Equal("−1.50\u00A0%", new MetricName("coverage@10").FormatDifference(-0.015));
    }
}
