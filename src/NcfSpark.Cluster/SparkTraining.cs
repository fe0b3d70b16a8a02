using System.Net;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.MicrosoftSpark;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Cluster;

/// <summary>Training whose workers are tasks of Spark, and whose parameter server is in this process.</summary>
public static class SparkTraining
{
    /// <exception cref="InvalidInputException">There is no Spark, or its executors could not train such a model, or not reach the server.</exception>
    public static void Check(JobContext job)
    {
        if (job.Configuration.Train.Placement != Placement.Spark) return;
        if (!job.Engine.IsSpark)
        {
            throw new InvalidInputException(
                "Train:Placement is \"spark\", and there is none: add --master URL or --remote sc://host:port, or set Train:Placement to threads "
                + "or processes.");
        }

        if (job.Configuration.Spark.WorkerDirectory.Length == 0 && job.Configuration.Train.WhyTorch(job.Configuration.Model) is { } why)
        {
            throw new InvalidInputException(
                $"Train:Placement is \"spark\", and {why}. Executors are not sent libtorch (1.5 GB): change that, or set Train:Placement to "
                + "threads or processes.");
        }

        int workers = job.Configuration.Train.Workers;
        if (job.Engine.BridgeQueries < workers)
        {
            throw new InvalidInputException($"Train:Workers is {workers}, and Microsoft.Spark's bridge runs {job.Engine.BridgeQueries} queries at once, "
                + $"one for each worker: {DotnetRunner.CureFor(workers)}; or lower Train:Workers.");
        }

        if (job.Configuration.Train.Server.ReachedAt.Length > 0) return; // said by who knows
        string address = job.Configuration.Train.Server.Address;
        IPAddress listens = IPEndPoint.Parse(address).Address;
        if (listens.Equals(IPAddress.Any) || listens.Equals(IPAddress.IPv6Any))
        {
            throw new InvalidInputException($"Train:Server:Address is {address}: workers are told it, so it must be one address of this machine, "
                + "such as 10.0.0.5:0; or set Train:Server:ReachedAt.");
        }

        if (IPAddress.IsLoopback(listens) && !job.Engine.IsHere)
        {
            throw new InvalidInputException($"Train:Server:Address is {address}, which executors on other machines do not reach. "
                + "Set it to this machine's address as they see it, with port 0 for a free one (--set Train:Server:Address=10.0.0.5:0).");
        }
    }

    /// <summary>Asks Spark, which is started for it, whether it would take executors away from workers that wait for each other, or run one twice.</summary>
    /// <exception cref="InvalidInputException">It would.</exception>
    public static void CheckCluster(JobContext job)
    {
        if (job.Configuration.Train.Placement != Placement.Spark) return;
        var engine = (IClusterEngine)job.Engine.Open(job);
        foreach (string setting in (string[])["spark.dynamicAllocation.enabled", "spark.speculation"])
        {
            if (engine.Query($"SET {setting}")[0][1] is not "true") continue;
            throw new InvalidInputException($"{setting} is true in this Spark. Training workers wait for each other and each runs once, so Spark must neither "
                + $"take their executors away nor start them twice. Add --conf {setting}=false (with --remote, start the server with it), "
                + "or set Train:Placement to threads or processes.");
        }
    }

    public static DistributedResult Run(JobContext job, StageDirectory prepared, WorkerSetup setup, DistributedTraining training)
    {
        try
        {
            CheckCluster(job);
            var engine = (IClusterEngine)job.Engine.Open(job);
            int threads = job.Configuration.Spark.WorkerThreads;
            WorkerQueries queries = PreparedPlace.Of(engine, prepared) is { } place
                ? WorkerQueries.FromSpark(engine, place, prepared.Manifest, setup, threads)
                : WorkerQueries.FromStorage(setup.RunDirectory, threads);
            return training.Run(new WorkerTasks(engine, TaskProgram.Ship(job, engine), queries), job.Cancellation);
        }
        finally
        {
            job.Engine.Close();
        }
    }
}
