using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Pipeline;

/// <summary>
/// A model of vectors that another tool trained (section Import): matrix factorization, whose score is the sigmoid of the product of the vectors plus the
/// biases. Who has no vector counts as not trained on.
/// </summary>
public sealed class ModelImport
{
    /// <summary>The bias of an item without a vector: its score is 0, so it stands at the end of every list.</summary>
    private const float Last = -1e6f;

    private const int MostExamples = 3;

    private readonly ImportOptions options;
    private readonly VectorFile users, items;

    /// <summary>Reads the files.</summary>
    /// <exception cref="InvalidInputException">One cannot be read, or they do not fit each other.</exception>
    public ModelImport(NcfSparkConfiguration settings)
    {
        options = settings.Import;
        (users, items) = (VectorFile.Read(options.UsersPath, "user", options), VectorFile.Read(options.ItemsPath, "item", options));
        if (users.Width != items.Width)
        {
            throw new InvalidInputException($"Vectors of users have {users.Width} numbers ({users.Path}), those of items {items.Width} ({items.Path}): "
                + "they have no product. Name files of one model in Import:UsersPath and Import:ItemsPath.");
        }

        Network = settings.Model with
        {
            Kind = NetworkKind.Mf, User = UserEncoderKind.Embedding, EmbeddingActivation = Activation.None, EmbeddingSize = users.Width,
        };
    }

    /// <summary>The network that the vectors are: that of the settings, but for what the files decide.</summary>
    public ModelOptions Network { get; }

    /// <summary>Hashes of the files, which the model is made from.</summary>
    public static IEnumerable<Artifact> FilesOf(ImportOptions options)
    {
        if (!options.IsSet) yield break;
        foreach ((string name, string path, string setting) in new[]
        {
            ("imported_users", options.UsersPath, "Import:UsersPath"), ("imported_items", options.ItemsPath, "Import:ItemsPath"),
        })
        {
            string[] files = File.Exists(path) || Directory.Exists(path)
                ? ParquetColumns.FilesIn(path)
                : throw new InvalidInputException($"{path} is not there ({setting}).");
            yield return Artifact.File(name, () => string.Join('-', files.Select(file => FileHash.Of(file, setting))));
        }
    }

    /// <summary>The model over prepared users and items.</summary>
    /// <exception cref="InvalidInputException">Ids are unknown, twice there, or missing, and that is not allowed.</exception>
    public TrainedModel Make(PreparedData prepared)
    {
        IdTable ofUsers = prepared.ReadUsers(), ofItems = prepared.ReadItems();
        var weights = new ModelWeights(Network, ofUsers.Count, ofItems.Count);
        bool[] hasUser = Fill(users, "user", ofUsers, weights.UserGmf!, weights.UserBias!);
        bool[] hasItem = Fill(items, "item", ofItems, weights.ItemGmf!, weights.ItemBias!);
        for (int item = 0; item < hasItem.Length; item++) if (!hasItem[item]) weights.ItemBias!.Values[item] = Last;
        return new TrainedModel(weights, Trained(ofUsers, hasUser), Trained(ofItems, hasItem));
    }

    // Who has a vector.
    private bool[] Fill(VectorFile file, string side, IdTable ids, Weight vectors, Weight biases)
    {
        bool byIndex = options.Ids == ImportedIds.Index;
        if (!byIndex && file.Ids is null)
        {
            throw new InvalidInputException($"{file.Path} has no ids: row r can only be index r of prepared/. Set Import:Ids to \"index\" if it is.");
        }

        bool[] has = new bool[ids.Count];
        var unknown = new List<string>();
        for (int row = 0; row < file.Count; row++)
        {
            int index = !byIndex ? ids.Find(file.Ids![row])
                : file.Ids is null ? row
                : WholeNumber.TryRead(file.Ids[row], out long number) && number < ids.Count ? (int)Math.Max(number, -1)
                : -1;
            if (index < 0 || index >= ids.Count)
            {
                unknown.Add(file.NameOf(row));
                continue;
            }

            if (has[index]) throw new InvalidInputException($"{file.Path}: {file.NameOf(row)} is there twice.");
            has[index] = true;
            file.Values.AsSpan(row * file.Width, file.Width).CopyTo(vectors.Row(index));
            if (file.Biases is not null) biases.Values[index] = file.Biases[row];
        }

        string[] missing = [.. Enumerable.Range(0, ids.Count).Where(index => !has[index]).Select(index => ShownText.Of(ids.TextOf(index)))];
        if (missing.Length == ids.Count)
        {
            throw new InvalidInputException($"{file.Path}: none of its {file.Count:N0} ids is a {side} of the prepared data ({Examples(unknown)} there, "
                + $"{Examples(missing)} here). Import:Ids says what they are.");
        }

        if (!options.AllowMissing && missing.Length + unknown.Count > 0)
        {
            string who = missing.Length > 0 ? $"{missing.Length:N0} of {ids.Count:N0} {side}s have no vector, such as {Examples(missing)}" : "";
            string what = unknown.Count > 0 ? $"{unknown.Count:N0} ids are no {side} of the prepared data, such as {Examples(unknown)}" : "";
            throw new InvalidInputException($"{file.Path}: {who}{(who.Length > 0 && what.Length > 0 ? "; " : "")}{what}. Train on the same log, or set "
                + "Import:AllowMissing to true.");
        }

        return has;
    }

    private static string Examples(IEnumerable<string> ids) => string.Join(", ", ids.Take(MostExamples));

    // Whom the model was not trained on has no interactions in its table.
    private static IdTable Trained(IdTable ids, bool[] has)
    {
        int[] interactions = [.. ids.Interactions.Select((count, index) => has[index] ? Math.Max(1, count) : 0)];
        return ids.IsNumeric ? new IdTable(ids.Numbers, interactions) : new IdTable(ids.Texts, interactions);
    }
}
