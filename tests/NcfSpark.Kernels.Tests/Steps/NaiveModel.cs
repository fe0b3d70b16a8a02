namespace NcfSpark.Kernels.Tests;

/// <summary>
/// The equations of <see cref="NetworkShape"/> and <see cref="UserHistoryShape"/> as plain loops in double precision:
/// the reference of every composition.
/// </summary>
internal sealed class NaiveModel(NetworkShape shape, UserHistories histories, int groupSize)
{
    private readonly Dictionary<(ModelPart Part, int Layer), double[]> values = [];

    /// <summary>A sample, the place of which in its batch decides dropout.</summary>
    public readonly record struct Sample(int User, int Item, float Label, float Weight, int PastEnd);

    public IEnumerable<(ModelPart Part, int Layer)> Parts => values.Where(part => part.Value.Length > 0).Select(part => part.Key);

    public double[] this[ModelPart part, int layer = 0] => values[(part, layer)];

    public static NaiveModel Random(NetworkShape shape, UserHistories histories, int userCount, int itemCount, int groupSize)
    {
        var model = new NaiveModel(shape, histories, groupSize);
        model.Add(ModelPart.UserGmf, 0, userCount * shape.GmfSize);
        model.Add(ModelPart.ItemGmf, 0, itemCount * shape.GmfSize);
        model.Add(ModelPart.UserMlp, 0, userCount * shape.MlpSize);
        model.Add(ModelPart.ItemMlp, 0, itemCount * shape.MlpSize);
        if (shape.Biases) model.Add(ModelPart.UserBias, 0, userCount);
        if (shape.Biases) model.Add(ModelPart.ItemBias, 0, itemCount);
        int width = 2 * shape.MlpSize;
        for (int l = 0; l < shape.Layers.Count; width = shape.Layers[l++])
        {
            model.Add(ModelPart.MlpWeight, l, shape.Layers[l] * width);
            model.Add(ModelPart.MlpBias, l, shape.Layers[l]);
        }

        if (shape.History is { } history)
        {
            model.Add(ModelPart.ItemHistory, 0, itemCount * shape.GmfSize);
            if (history.Hidden > 0)
            {
                model.Add(ModelPart.UserLayerWeight, 0, history.Hidden * ((history.Lags + 2) * shape.GmfSize + history.TemporalFeatureCount));
                model.Add(ModelPart.UserLayerBias, 0, history.Hidden);
                model.Add(ModelPart.UserLayerWeight, 1, shape.GmfSize * history.Hidden);
                model.Add(ModelPart.UserLayerBias, 1, shape.GmfSize);
            }
        }

        model.Add(ModelPart.HeadWeight, 0, shape.GmfSize + width);
        if (!shape.TrainedGmfHead) model[ModelPart.HeadWeight].AsSpan(0, shape.GmfSize).Fill(1);
        model.Add(ModelPart.HeadBias, 0, 1);
        return model;
    }

    /// <summary>The sum of a batch's logistic losses.</summary>
    public double Loss(IReadOnlyList<Sample> batch, ulong dropoutKey, ulong userDropoutKey)
    {
        double sum = 0;
        for (int place = 0; place < batch.Count; place++)
        {
            double z = Logit(batch[place], place, dropoutKey, userDropoutKey);
            sum += batch[place].Weight * (Math.Max(z, 0) - z * batch[place].Label + Math.Log(1 + Math.Exp(-Math.Abs(z))));
        }

        return sum;
    }

    /// <summary>
    /// The sum of a batch's losses by <see cref="SampledSoftmaxOptions"/>: of its softmax, and of the logistic losses that
    /// only the biases of users and head follow.
    /// </summary>
    public (double Softmax, double Logistic) SoftmaxLoss(IReadOnlyList<Sample> batch, SampledSoftmaxOptions options, ulong userDropoutKey)
    {
        double softmax = 0, shift = options.Negatives == 0 ? 0 : Math.Log(options.Negatives / (double)batch.Count(sample => sample.Label == 0));
        for (int first = 0; first < batch.Count; first += groupSize)
        {
            Sample positive = batch[first];
            double[] u = User(positive, first, userDropoutKey);
            double LogitOf(int item) => u.Zip(Row(ModelPart.ItemGmf, item, shape.GmfSize), (one, other) => one * other).Sum() + this[ModelPart.ItemBias][item];
            int[] touched = options.ExceptTouched ? ItemsOf(positive.User) : [positive.Item];
            double others = batch.Where(sample => sample.Label == 0 && !touched.Contains(sample.Item)).Sum(sample => Math.Exp(LogitOf(sample.Item) + shift));
            softmax += positive.Weight * (Math.Log(Math.Exp(LogitOf(positive.Item)) + others) - LogitOf(positive.Item));
        }

        return (softmax, Loss(batch, dropoutKey: 0, userDropoutKey));
    }

    private int[] ItemsOf(int user) =>
        histories.Items[histories.Starts[user]..(user + 1 < histories.Starts.Length ? histories.Starts[user + 1] : histories.Items.Length)];

    private double Logit(Sample sample, int place, ulong dropoutKey, ulong userDropoutKey)
    {
        double[] u = User(sample, place, userDropoutKey), q = Row(ModelPart.ItemGmf, sample.Item, shape.GmfSize);
        double[] y = [.. Row(ModelPart.UserMlp, sample.User, shape.MlpSize), .. Row(ModelPart.ItemMlp, sample.Item, shape.MlpSize)];
        int[] hashStarts = shape.HashStarts(), widths = shape.PaddedWidths();
        for (int l = 0; l < shape.Layers.Count; l++)
        {
            y = [.. y.Select((value, k) => value * Kept(l, l == 0 && k >= shape.MlpSize ? widths[0] / 2 + k - shape.MlpSize : k))];
            y = Layer(ModelPart.MlpWeight, ModelPart.MlpBias, l, y, relu: true);
        }

        y = [.. y.Select((value, k) => value * Kept(shape.Layers.Count, k))];
        double[] joined = [.. u.Zip(q, (one, other) => one * other), .. y];
        double logit = this[ModelPart.HeadBias][0] + this[ModelPart.HeadWeight].Zip(joined, (h, value) => h * value).Sum();
        return shape.Biases ? logit + this[ModelPart.UserBias][sample.User] + this[ModelPart.ItemBias][sample.Item] : logit;

        double Kept(int layer, int lane) =>
            Factor(shape.Dropout.ElementAtOrDefault(layer), dropoutKey, (uint)(place * hashStarts[^1] + hashStarts[layer]), lane);
    }

    private double[] User(Sample sample, int place, ulong userDropoutKey)
    {
        double[] p = Row(ModelPart.UserGmf, sample.User, shape.GmfSize);
        if (shape.History is not { } history) return p;
        int there = Math.Min(history.Length, sample.PastEnd - histories.Starts[sample.User]);
        double[][] past = [.. Enumerable.Range(0, there).Select(k => Row(ModelPart.ItemHistory, histories.Items[sample.PastEnd - 1 - k], shape.GmfSize))];
        double[] h = [.. p.Select((_, e) => history.Factor * past.Select((y, k) => history.Shares[there][k] * y[e]).Sum())];
        double[] u = [.. p.Zip(h, (own, pooled) => own + pooled)];
        if (history.Hidden == 0) return u;
        IEnumerable<double> lags = Enumerable.Range(0, history.Lags).SelectMany(k => k < there ? past[k] : new double[shape.GmfSize]);
        uint bits = history.TemporalFeatureCount == 0 ? 0 : histories.FeatureBits[sample.PastEnd];
        IEnumerable<double> features = Enumerable.Range(0, history.TemporalFeatureCount).Select(k => (double)((bits >> k) & 1));
        double[] z = Layer(ModelPart.UserLayerWeight, ModelPart.UserLayerBias, 0, [.. lags, .. h, .. p, .. features], relu: true);
        uint counter = (uint)(place / groupSize * DropoutHash.HashCount(Padding.Padded(history.Hidden)));
        z = [.. z.Select((value, k) => value * Factor(history.Dropout, userDropoutKey, counter, k))];
        return [.. u.Zip(Layer(ModelPart.UserLayerWeight, ModelPart.UserLayerBias, 1, z, relu: false), (one, more) => one + more)];
    }

    private double[] Layer(ModelPart weight, ModelPart bias, int layer, double[] x, bool relu)
    {
        double[] w = this[weight, layer];
        return [.. this[bias, layer].Select((b, n) => b + x.Select((value, k) => value * w[n * x.Length + k]).Sum()).Select(a => relu ? Math.Max(a, 0) : a)];
    }

    private double[] Row(ModelPart part, int row, int size) => this[part][(row * size)..((row + 1) * size)];

    private static double Factor(double rate, ulong key, uint counter, int lane) =>
        rate == 0 ? 1 : DropoutHash.IsKept(key, counter, lane, DropoutHash.Dropped(rate)) ? DropoutHash.KeptScale(rate) : 0;

    private void Add(ModelPart part, int layer, int length) =>
        values.Add((part, layer), [.. Enumerable.Range(0, length).Select(place => (double)(0.7f * Numbers.At(place, (int)part + 50 * layer)))]);
}
