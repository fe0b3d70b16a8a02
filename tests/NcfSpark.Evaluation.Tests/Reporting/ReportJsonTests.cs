using System.Text.Json.Nodes;
using NcfSpark.Model;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public class ReportJsonTests
{
    private static readonly string[] CatalogueMetrics = ["hr", "ndcg", "recall", "precision", "mrr", "novelty", "popular_lists", "coverage", "gini"];

    [Fact]
    public void EveryKeyIsThere()
    {
        JsonObject report = ReportJson.Of(SampleReport.Input);
        Assert.Equal(
            ["schema", "title", "verdict", "data", "network", "training", "whole_catalogue", "whole_catalogue_by_history", "whole_catalogue_told_moment",
                "sampled", "classification", "differences", "baselines", "examples", "configuration"],
            report.Select(entry => entry.Key));
        foreach (string scorer in new[] { "model", "popularity", "item_cosine" })
        {
            Assert.Equal(new[] { 5, 10 }.SelectMany(k => CatalogueMetrics.Select(stem => $"{stem}@{k}")), Keys(report["whole_catalogue"]![scorer]));
            Assert.Equal(["hr@5", "ndcg@5", "hr@10", "ndcg@10"], Keys(report["sampled"]![scorer]));
            Assert.Equal(["accuracy", "auc", "log_loss"], Keys(report["classification"]![scorer]));
            if (scorer == "model") continue;
            foreach (string protocol in new[] { "whole_catalogue", "sampled", "classification" })
            {
                Assert.Equal(Keys(report[protocol]![scorer]), Keys(report["differences"]![protocol]![scorer]));
            }
        }

        Assert.Equal(["strongest", "validation_users", "popularity", "item_cosine", "ease", "left_out"], Keys(report["baselines"]));
        Assert.Equal(["title", "setting", "parameter", "validation_ndcg@10"], Keys(report["baselines"]!["ease"]));
        Assert.Equal(["value", "low", "high"], Keys(report["whole_catalogue"]!["model"]!["ndcg@10"]));
        Assert.Equal(["users", "rows", "negatives"], Keys(report["sampled"]).Take(3));
        Assert.Equal(
            ["fewest_seen", "most_seen", "users", "rows", "negatives", "model", "popularity", "item_cosine", "ease", "differences"], Keys(
                report["whole_catalogue_by_history"]![0]));
        Assert.Equal(["best_epoch", "validation_metric", "epochs", "workers"], Keys(report["training"]));
        Assert.Equal(
            ["epoch", "worker", "samples", "rounds", "computing_seconds", "waiting_seconds", "communicating_seconds", "bytes_sent", "bytes_received"], Keys(
                report["training"]!["workers"]![0]));
        Assert.Equal(["epoch", "loss", "validation", "seconds"], Keys(report["training"]!["epochs"]![0]));
        Assert.Equal(["name", "kind", "inputs", "input_shape", "output_shape", "parameters", "notes"], Keys(report["network"]!["layers"]![0]));
        Assert.Equal(["user_id", "interactions", "held_out", "history", "recommendations"], Keys(report["examples"]![0]));
        Assert.Equal(["min", "p25", "median", "p75", "max"], Keys(report["data"]!["interactions_per_user"]));
        Assert.Equal(
            ["users", "items", "interactions", "train", "validation", "test", "density", "first_timestamp", "last_timestamp",
                "interactions_per_user", "interactions_per_item",
                "share_of_most_popular_1_percent", "share_of_most_popular_10_percent", "rows"],
            Keys(report["data"]));
    }

    [Fact]
    public void ValuesAreThoseMeasured()
    {
        JsonObject report = ReportJson.Of(SampleReport.Input);
        MetricInterval measured = SampleReport.Input.Evaluation.WholeCatalogue.Scorers[2].Metrics["ndcg@5"]!;
        JsonNode told = report["whole_catalogue"]!["item_cosine"]!["ndcg@5"]!;
        Assert.Equal(measured, new MetricInterval((double)told["value"]!, (double)told["low"]!, (double)told["high"]!));
        Assert.Null(report["classification"]!["popularity"]!["accuracy"]);
        Assert.Null(report["whole_catalogue"]!["model"]!["coverage@5"]!["low"]);
    }

    [Fact]
    public void WhatWasNotMeasuredIsNull()
    {
        JsonObject report = ReportJson.Of(
            SampleReport.Input with { Evaluation = SampleReport.Input.Evaluation with { Sampled = null, Classification = null } });
        Assert.True(report.ContainsKey("sampled"));
        Assert.Null(report["sampled"]);
        Assert.Null(report["differences"]!["classification"]);
    }

    [Fact]
    public void NumbersThatJsonHasNotAreNull()
    {
        ReportInput input = SampleReport.Input;
        JsonObject report = ReportJson.Of(input with { Model = input.Model with { Curve = [new(1, double.NaN, double.PositiveInfinity, null)] } });
        Assert.Null(report["training"]!["epochs"]![0]!["loss"]);
        Assert.Null(report["training"]!["epochs"]![0]!["validation"]);
        Assert.NotNull(JsonNode.Parse(report.ToJsonString()));
    }

    [Fact]
    public void TheTimeIsToldOnlyWhereItIsGiven()
    {
        Assert.False(ReportJson.Of(SampleReport.Input).ContainsKey("made"));
        Assert.Equal("2026-01-02T00:00:00.0000000+00:00",
            (string?)ReportJson.Of(SampleReport.Input with { Made = new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero) })["made"]);
    }

    private static IEnumerable<string> Keys(JsonNode? node) => node!.AsObject().Select(entry => entry.Key);
}
