using System.Text;
using Godwit.Cli.Xm;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Cli.Running;

/// <summary>What a command sees of the process it runs in. Tests give it streams in memory.</summary>
internal sealed record Surroundings
{
    /// <summary>Name by which the program was called: its own, or that of one of Xen's tools (see <see cref="XmCommandLine"/>).</summary>
    public string Program { get; init; } = "godwit";

    public Stream Input { get => field ??= OpenStandardInput(); init; }

    /// <summary>Standard output as text.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard output for a console's bytes; nothing may be left in <see cref="Out"/> when it is used.</summary>
    public required Stream RawOut { get; init; }

    public required TextWriter Error { get; init; }

    public bool InputIsTerminal { get; init; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public Func<string, string?> Environment { get; init; } = _ => null;

    /// <summary>First and second Ctrl-C.</summary>
    public required Interrupts Interrupts { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Escape sequences are welcome there: a terminal that can, and a user who has not set NO_COLOR.</summary>
    public bool OutIsLively =>
        OutIsTerminal && string.IsNullOrEmpty(Environment("NO_COLOR")) && Environment("TERM") is not (null or "" or "dumb");

    /// <summary>Those of this process.</summary>
    public static Surroundings OfProcess(Interrupts interrupts)
    {
        var output = OpenOutput(1, Console.IsOutputRedirected, Console.OpenStandardOutput);
        return new Surroundings
        {
            Program = Path.GetFileName(System.Environment.GetCommandLineArgs()[0]) is var called && XmCommandLine.Answers(called) ? called : "godwit",
            Out = new StreamWriter(output, new UTF8Encoding(false)) { AutoFlush = true },
            RawOut = output,
            Error = new StreamWriter(OpenOutput(2, Console.IsErrorRedirected, Console.OpenStandardError), new UTF8Encoding(false)) { AutoFlush = true },
            InputIsTerminal = !Console.IsInputRedirected,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Environment = System.Environment.GetEnvironmentVariable,
            Interrupts = interrupts,
        };
    }

    /// <summary>
    /// Standard input byte by byte. The stream of <see cref="Console"/> edits lines when it is a terminal, so that a
    /// guest would hear nothing before Enter. Opened when it is first needed: it may be closed.
    /// </summary>
    private static FileStream OpenStandardInput() =>
        new(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    /// <summary>
    /// A terminal is written to directly: the streams of <see cref="Console"/> switch its keypad to another mode first,
    /// and leave it so. What is not a terminal may be a file that others write to as well, which they do rightly.
    /// </summary>
    private static Stream OpenOutput(nint descriptor, bool redirected, Func<Stream> usual) => redirected
        ? usual()
        : new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
}
