using System.Security.Cryptography.X509Certificates;
using Godwit.Native.Processes;

namespace Godwit.Native.Tests.Processes;

public sealed class SystemCertificatesTests
{
    [Fact]
    public async Task This_process_knows_none_and_programs_that_it_starts_have_them()
    {
        SystemCertificates.Ignore();
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        Assert.Empty(store.Certificates);
        var variables = await ProgramRunner.RunAsync(["env"], ct: TestContext.Current.CancellationToken);
        Assert.DoesNotContain("/nonexistent", variables, StringComparison.Ordinal);
    }
}
