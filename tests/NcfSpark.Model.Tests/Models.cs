using NcfSpark.Core;

namespace NcfSpark.Model.Tests;

/// <summary>Small models of every kind, with weights that are all different.</summary>
internal static class Models
{
    public static readonly NetworkKind[] Kinds = [NetworkKind.Neumf, NetworkKind.Gmf, NetworkKind.Mlp, NetworkKind.Mf];

    public static ModelOptions Options(NetworkKind kind, Activation activation = Activation.None, bool biases = false) => new()
    {
        Kind = kind,
        EmbeddingSize = 5,
        MlpEmbeddingSize = 3,
        MlpLayers = [7, 4],
        EmbeddingActivation = activation,
        Biases = biases,
        EmbeddingInit = 0.7,
        User = kind == NetworkKind.Cosine ? UserEncoderKind.Interactions : UserEncoderKind.Embedding,
        Interactions = new() { UserLayers = [7, 4], ItemLayers = [6], Length = 3 },
    };

    /// <summary>The same with a history and an MLP in the user encoder, which also uses temporal features.</summary>
    public static ModelOptions History(NetworkKind kind, int width = 4) =>
        Options(kind, biases: true) with
        {
            User = UserEncoderKind.History,
            History = new() { Length = 3, Decay = 2, Factor = 1.5 },
            UserMlp = new() { Width = width, Lags = 2, TemporalFeatures = true },
        };

    /// <summary>Attention over a user's latest items.</summary>
    public static ModelOptions Attention(int heads = 2, int blocks = 2, int length = 3) => Options(NetworkKind.Mf) with
    {
        EmbeddingSize = 16 * heads,
        User = UserEncoderKind.Attention,
        Attention = new() { Heads = heads, Blocks = blocks, Length = length },
    };

    public static ModelWeights Random(ModelOptions options, int users = 6, int items = 9, long seed = 1)
    {
        ModelWeights weights = ModelWeights.Initialize(options, users, items, seed);
        foreach (Weight weight in weights.All)
        {
            RandomStream stream = RandomStream.Named(seed, "test", weight.Rows, weight.Columns, weight.Name.Length);
            for (int i = 0; i < weight.Values.Length; i++) weight.Values[i] += (float)(0.3 * stream.Normal(i));
        }

        // User u has used u % 5 items, at times that come ever faster: fewer than a pool holds, and more.
        int[] rowUsers = [.. Enumerable.Range(0, users).SelectMany(user => Enumerable.Repeat(user, user % 5))];
        if (options.HasPast)
        {
            weights.Pools = UserPools.Latest(
                InteractionLists.FromRows(users, rowUsers, [.. Enumerable.Range(0, rowUsers.Length).Select(row => row * 5 % items)]), options.PastLength,
                [.. rowUsers.Select((user, row) => row + (long)Math.Sqrt(row) * 100 * (user % 3))], options.HasAttention);
        }

        return weights;
    }
}
