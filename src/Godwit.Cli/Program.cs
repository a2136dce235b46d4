using Godwit.Cli;
using Godwit.Cli.Running;

using var interrupts = new Interrupts();
interrupts.Listen();
return (int)await CommandLine.RunAsync(args, Surroundings.OfProcess(interrupts));
