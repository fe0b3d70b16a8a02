namespace NcfSpark.Reporting;

/// <summary>
/// Places a network's layers for drawing, from inputs at the top to the output at the bottom, in the manner of Sugiyama et al. 1981: a
/// layer's row is its longest path from an input; where an edge passes rows, an invisible node keeps its lane free; rows are ordered by
/// their neighbours' mean place; and each row's x are the nearest to their neighbours' means that keep that order and the distances.
/// Lengths are pixels.
/// </summary>
internal sealed class NetworkLayout
{
    public const double BoxHeight = 66, RowGap = 34, Margin = 12;
    private const double LaneWidth = 20, BoxGap = 22;
    private const int Sweeps = 12;
    private readonly List<Node> nodes = [];
    private readonly List<List<Node>> rows = [];

    /// <exception cref="ArgumentException">A layer reads one that is not before it, or a name is there twice.</exception>
    public NetworkLayout(IReadOnlyList<NetworkLayer> layers, double boxWidth)
    {
        BoxWidth = boxWidth;
        var named = new Dictionary<string, Node>(StringComparer.Ordinal);
        foreach (NetworkLayer layer in layers)
        {
            if (layer.Inputs.FirstOrDefault(input => !named.ContainsKey(input)) is { } unknown)
            {
                throw new ArgumentException($"Layer {layer.Name} reads {unknown}, which is not among the layers before it.", nameof(layers));
            }

            Node[] inputs = [.. layer.Inputs.Select(input => named[input])];
            Node node = Add(layer, inputs.Length == 0 ? 0 : inputs.Max(input => input.Row) + 1);
            if (!named.TryAdd(layer.Name, node)) throw new ArgumentException($"There are two layers named {layer.Name}.", nameof(layers));
            foreach (Node input in inputs) Edges.Add([input, .. Lanes(input.Row + 1, node.Row), node]);
        }

        foreach (Node[] edge in Edges)
        {
            for (int i = 1; i < edge.Length; i++)
            {
                edge[i].Above.Add(edge[i - 1]);
                edge[i - 1].Below.Add(edge[i]);
            }
        }

        OrderRows();
        PlaceRows();
    }

    public double BoxWidth { get; }

    public double Width { get; private set; }

    public double Height => rows.Count == 0 ? 0 : 2 * Margin + rows.Count * BoxHeight + (rows.Count - 1) * RowGap;

    /// <summary>Boxes.</summary>
    public IEnumerable<Node> Boxes => nodes.Where(node => node.Layer is not null);

    /// <summary>Each edge as the nodes it goes through: its source, lanes, its target.</summary>
    public List<Node[]> Edges { get; } = [];

    private Node Add(NetworkLayer? layer, int row)
    {
        while (rows.Count <= row) rows.Add([]);
        var node = new Node(layer, row, layer is null ? LaneWidth : BoxWidth);
        nodes.Add(node);
        rows[row].Add(node);
        return node;
    }

    private Node[] Lanes(int from, int to) => [.. Enumerable.Range(from, to - from).Select(row => Add(null, row))];

    private void OrderRows()
    {
        foreach (List<Node> row in rows) Number(row);
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            bool down = sweep % 2 == 0;
            foreach (List<Node> row in down ? rows : Enumerable.Reverse(rows))
            {
                Node[] ordered = [.. row.OrderBy(node => Mean(down ? node.Above : node.Below, neighbour => neighbour.Place, node.Place))]; // stable
                row.Clear();
                row.AddRange(ordered);
                Number(row);
            }
        }

        static void Number(List<Node> row)
        {
            for (int place = 0; place < row.Count; place++) row[place].Place = (place + 0.5) / row.Count;
        }
    }

    private void PlaceRows()
    {
        foreach (List<Node> row in rows) Spread(row, [.. row.Select(node => node.Place * BoxWidth)]);
        for (int sweep = Sweeps; sweep >= 0; sweep--) // downwards last, so that chains and lanes hang straight below where they start
        {
            bool down = sweep % 2 == 0;
            foreach (List<Node> row in down ? rows : Enumerable.Reverse(rows))
            {
                Spread(row, [.. row.Select(node => Mean(down ? node.Above : node.Below, neighbour => neighbour.X, node.X))]);
            }
        }

        if (nodes.Count == 0) return;
        double left = nodes.Min(node => node.X - node.Width / 2);
        foreach (Node node in nodes) node.X += Margin - left;
        Width = nodes.Max(node => node.X + node.Width / 2) + Margin;
    }

    // Least squares under the order and the distances: less the distances it is isotonic regression, by pooling neighbours that violate it.
    private static void Spread(List<Node> row, double[] wanted)
    {
        double offset = 0;
        double[] offsets = new double[row.Count];
        for (int i = 1; i < row.Count; i++) offsets[i] = offset += (row[i - 1].Width + row[i].Width) / 2 + BoxGap;

        var pools = new List<(double Sum, int Count)>();
        for (int i = 0; i < row.Count; i++)
        {
            pools.Add((wanted[i] - offsets[i], 1));
            while (pools.Count > 1 && pools[^2].Sum / pools[^2].Count > pools[^1].Sum / pools[^1].Count)
            {
                pools[^2] = (pools[^2].Sum + pools[^1].Sum, pools[^2].Count + pools[^1].Count);
                pools.RemoveAt(pools.Count - 1);
            }
        }

        int at = 0;
        foreach ((double sum, int count) in pools)
        {
            for (int i = 0; i < count; i++, at++) row[at].X = sum / count + offsets[at];
        }
    }

    private static double Mean(List<Node> neighbours, Func<Node, double> of, double otherwise) => neighbours.Count == 0 ? otherwise : neighbours.Average(of);

    /// <summary>A box, or (without a layer) a lane that an edge passes through.</summary>
    public sealed class Node(NetworkLayer? layer, int row, double width)
    {
        public NetworkLayer? Layer { get; } = layer;

        public int Row { get; } = row;

        public double Width { get; } = width;

        /// <summary>Its place in its row, over the row's length: 0 … 1.</summary>
        public double Place { get; set; }

        /// <summary>The middle.</summary>
        public double X { get; set; }

        public double Top => Margin + Row * (BoxHeight + RowGap);

        public double Bottom => Top + BoxHeight;

        public List<Node> Above { get; } = [];

        public List<Node> Below { get; } = [];
    }
}
