using Godwit.Cli.Rendering;
using Godwit.Domains;

namespace Godwit.Cli.Tests.Rendering;

public sealed class FailuresTests
{
    public static TheoryData<Exception, int, string> All => new()
    {
        { new GodwitException("lab-differs", "lab a is there already", "godwit lab down a\ngodwit lab up a"), 1, "godwit: lab a is there already\n  godwit lab down a\n  godwit lab up a\n" },
        { new GodwitException("no-daemon", "nobody is there"), 3, "godwit: nobody is there\n" },
        { new FileNotFoundException("there is no file a"), 1, "godwit: there is no file a\n" },
        { new TimeoutException(), 4, "godwit: godwitd did not answer in time\n" },
        { new InvalidOperationException("seven"), 1, "godwit: this should not happen: InvalidOperationException: seven\n  please report it with the command that you gave\n" },
    };

    [Theory]
    [MemberData(nameof(All), DisableDiscoveryEnumeration = true)]
    public void Each_kind_has_its_code_and_words_and_no_stack_trace(Exception failure, int code, string printed)
    {
        using var around = new TestSurroundings();
        Assert.Equal((ExitCode)code, Failures.Print(failure, json: false, around.Around));
        Assert.Equal(printed, around.Error);
    }
}
