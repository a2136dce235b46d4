namespace Godwit.Cli.Running;

/// <summary>Prints what is being done, in the order in which it is reported; <see cref="Progress{T}"/> would not keep it.</summary>
internal sealed class PlainProgress(TextWriter output) : IProgress<string>
{
    public void Report(string value) => output.WriteLine(value);
}
