using NcfSpark.Serving;

namespace NcfSpark.Jobs.Verbs;

internal static class ServeVerb
{
    public static Verb Verb { get; } = new(
        "serve",
        "answers requests over HTTP: lists of users and sessions, similar items, scores of pairs",
        """
        Serves the night in production, and follows it: after `promote`, `rollback` or a new night the answers are those of that night within
        seconds, and no request fails meanwhile. Lists are those that `score` writes, by the rules of section Score that the night was made by. It
        speaks TensorFlow Serving's REST interface and SageMaker's container contract. It needs no configuration. SIGTERM and Ctrl-C end it once
        what has come in is answered; its exit code is then 0.
        """,
        "current, or the stages made by hand",
        "nothing",
        ["Serve"],
        job => ServingHost.Run(job, Environment.GetEnvironmentVariables()))
    {
        OnlyLooks = true,
        NeedsNoConfiguration = true,
        TakesPort = true,
        Often = ["Serve:Port", "Serve:Address", "Serve:TokenFile", "Serve:ListsPath", "Serve:Concurrency", "Serve:AccessLog"],
        Examples = ["--run runs/shop", "--run runs/shop --port 80 --set Serve:TokenFile=/run/secrets/token"],
    };
}
