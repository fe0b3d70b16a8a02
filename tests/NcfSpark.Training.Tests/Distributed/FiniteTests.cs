using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests.Distributed;

public sealed class FiniteTests
{
    /// <summary>Against a plain loop, with what is not finite anywhere or nowhere.</summary>
    [Property]
    public void TheFirstOtherIsFoundWhereverItIs(int seed)
    {
        RandomStream chance = RandomStream.Named(seed, "values");
        float[] values = [.. Enumerable.Range(0, (int)chance.Below(0, 70)).Select(i => (float)chance.Normal(i + 1))];
        float[] others = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.Epsilon, -0f];
        for (int draw = 0; draw < 3 && values.Length > 0; draw++)
        {
            values[chance.Below(100 + draw, values.Length)] = others[chance.Below(200 + draw, others.Length)];
        }

        Assert.Equal(Array.FindIndex(values, value => !float.IsFinite(value)), Finite.IndexOfOther(values));
    }
}
