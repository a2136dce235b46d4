using Godwit.Daemon;
using Godwit.Daemon.Config;
using Godwit.Domains;
using Godwit.Native.Processes;

// One for TLS, one for all else.
OwnMemory.LimitArenas(2);
// The pool has a CA of its own.
SystemCertificates.Ignore();
try
{
    if (CommandLine.Parse(args, Console.Out) is not { } words)
        return 0;
    await DaemonProcess.RunAsync(() => words.Load(LocalDefaults.OfThisHost()), CancellationToken.None);
    return 0;
}
catch (GodwitException e)
{
    Console.Error.WriteLine(e.Message);
    if (e.Remedy is not null)
        Console.Error.WriteLine(e.Remedy);
    return e.Code == "bad-usage" ? 2 : 1;
}
