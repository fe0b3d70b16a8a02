using System.Runtime.InteropServices;
using Google.Protobuf;
using NcfSpark.Core;

namespace NcfSpark.Model.Onnx;

/// <summary>A graph of ONNX that is being built: each method adds a node, an input or a table, and returns the name of its value.</summary>
internal sealed class OnnxGraph(string name)
{
    private const long IrVersion = 8, Opset = 17, MachineLearningOpset = 2;
    private const string MachineLearning = "ai.onnx.ml";

    private readonly GraphProto graph = new() { Name = name };

    /// <param name="columns">Sizes of the axes after the first, which is the batch.</param>
    public string Input(string input, TensorProto.Types.DataType type, string about, params long[] columns)
    {
        graph.Input.Add(Value(input, type, about, columns));
        return input;
    }

    /// <summary>Names a value as an output.</summary>
    public void Output(string output, string value, string about, params long[] columns)
    {
        graph.Node.Add(new NodeProto { OpType = "Identity", Name = output, Input = { value }, Output = { output } });
        graph.Output.Add(Value(output, TensorProto.Types.DataType.Float, about, columns));
    }

    public string Table(string table, ReadOnlySpan<float> values, params long[] shape) =>
        Table(table, TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes(values), shape);

    public string Table(string table, long[] values) => Table(table, TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes<long>(values), [values.Length]);

    public string Node(string operation, string[] inputs, params (string Name, long[] Values)[] attributes)
    {
        var node = new NodeProto { OpType = operation, Name = $"{operation}_{graph.Node.Count}", Output = { $"{operation}_{graph.Node.Count}" } };
        node.Input.Add(inputs);
        foreach ((string attribute, long[] values) in attributes)
        {
            node.Attribute.Add(new AttributeProto { Name = attribute, Type = AttributeProto.Types.AttributeType.Int, I = values[0] });
        }

        graph.Node.Add(node);
        return node.Output[0];
    }

    /// <summary>x W' + c, for W [n, k] as weights are stored; without c where that is null.</summary>
    public string Linear(string x, string weight, string? bias) =>
        Node("Gemm", bias is null ? [x, weight] : [x, weight, bias], ("transB", [1]));

    /// <summary>The index of each id; -1, which names the last row of a table, for an unknown one.</summary>
    public string IndexOf(string ids, IdTable table)
    {
        var keys = new AttributeProto { Name = table.IsNumeric ? "keys_int64s" : "keys_strings" };
        keys.Type = table.IsNumeric ? AttributeProto.Types.AttributeType.Ints : AttributeProto.Types.AttributeType.Strings;
        if (table.IsNumeric) keys.Ints.Add(table.Numbers);
        else keys.Strings.Add(table.Texts.Select(ByteString.CopyFromUtf8));
        var values = new AttributeProto { Name = "values_int64s", Type = AttributeProto.Types.AttributeType.Ints };
        values.Ints.Add(Enumerable.Range(0, table.Count).Select(index => (long)index));
        var otherwise = new AttributeProto { Name = "default_int64", Type = AttributeProto.Types.AttributeType.Int, I = -1 };
        string output = $"index_of_{ids}";
        graph.Node.Add(new NodeProto
        {
            OpType = "LabelEncoder", Domain = MachineLearning, Name = output, Input = { ids }, Output = { output }, Attribute = { keys, values, otherwise },
        });
        return output;
    }

    /// <summary>The content of the file.</summary>
    public byte[] ToBytes(string about)
    {
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "NcfSpark", DocString = about, Graph = graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = Opset });
        if (graph.Node.Any(node => node.Domain == MachineLearning))
        {
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = MachineLearning, Version = MachineLearningOpset });
        }

        return model.ToByteArray();
    }

    private string Table(string table, TensorProto.Types.DataType type, ReadOnlySpan<byte> values, long[] shape)
    {
        var tensor = new TensorProto { Name = table, DataType = (int)type, RawData = ByteString.CopyFrom(values) };
        tensor.Dims.Add(shape);
        graph.Initializer.Add(tensor);
        return table;
    }

    private static ValueInfoProto Value(string value, TensorProto.Types.DataType type, string about, long[] columns)
    {
        var shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "batch" } } };
        shape.Dim.Add(columns.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }));
        return new ValueInfoProto
        {
            Name = value, DocString = about, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } },
        };
    }
}
