using Godwit.Cli.Running;

namespace Godwit.Cli.Tests;

/// <summary>Surroundings in memory, and a command line that runs in them.</summary>
internal sealed class TestSurroundings : IDisposable
{
    private readonly StringWriter _out = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    public TestSurroundings(Stream? input = null, Dictionary<string, string>? environment = null, string program = "godwit")
    {
        Around = new Surroundings
        {
            Program = program,
            Input = input ?? Stream.Null,
            Out = _out,
            RawOut = RawOut,
            Error = _error,
            Interrupts = Interrupts,
            Environment = name => environment?.GetValueOrDefault(name),
        };
    }

    public Surroundings Around { get; }

    public Interrupts Interrupts { get; } = new();

    public MemoryStream RawOut { get; } = new();

    public string Out => _out.ToString();

    public string Error => _error.ToString();

    public Task<ExitCode> RunAsync(params string[] arguments) => CommandLine.RunAsync(arguments, Around);

    public void Dispose()
    {
        Interrupts.Dispose();
        _out.Dispose();
        _error.Dispose();
    }
}
