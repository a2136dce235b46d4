using Godwit.AoeTool;

// Read once, when the first socket is made: an NBD request then runs on the thread that saw it come in, which spares
// the guest's fsync a change of threads.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
return (int)await CommandLine.RunAsync(args);
