namespace NcfSpark.Training;

/// <summary>The loss became infinite or no number; training stopped before the weights were updated with it, and no model was written.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);
