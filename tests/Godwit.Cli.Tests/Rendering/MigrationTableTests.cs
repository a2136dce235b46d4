using Godwit.Api;
using Godwit.Cli.Rendering;

namespace Godwit.Cli.Tests.Rendering;

public sealed class MigrationTableTests
{
    private static readonly MigrationInfo s_lost = Samples.Migration() with
    {
        Id = new Guid("7c9e6679-7425-40de-944b-e07fc1f90ae7"), Domain = "vm2", Step = MigrationInfo.Lost, Began = default, AgeSeconds = null, Waits = "waits for resource-1",
    };

    [Fact]
    public void Lost_moves_are_last_and_say_what_they_wait_for()
    {
        var text = new StringWriter { NewLine = "\n" };
        MigrationTable.Write(text, [s_lost, Samples.Migration(Samples.Completed)]);
        Assert.Equal(
            """
            ID                                    Domain  From        To          Step     Ended      Total  Downtime
            0f8fad5b-d9cb-469f-a165-70867728950e  vm1     resource-1  resource-2  confirm  completed  1.62s    14.2ms
            7c9e6679-7425-40de-944b-e07fc1f90ae7  vm2     resource-1  resource-2  unknown  -              -         -
            vm2: waits for resource-1

            """, text.ToString());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Which_of_two_moves_is_the_later_one_is_not_told_by_the_clocks_of_two_hosts(int hours)
    {
        var (earlier, later) = (Samples.Migration(), Samples.Migration() with { Id = s_lost.Id, AgeSeconds = 50, Began = Samples.Noon.AddHours(hours) });
        Assert.Equal([earlier, later], MigrationTable.InOrder([later, earlier]));
    }

    [Fact]
    public void What_its_user_should_know_of_a_move_is_shown_however_it_ended()
    {
        var text = new StringWriter { NewLine = "\n" };
        MigrationSheet.Write(text, Samples.Migration(Samples.Completed) with { Notes = ["the clocks of a and b differ by 61 min"] });
        Assert.Contains("\nnote          the clocks of a and b differ by 61 min\n", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_lost_move_has_no_time_at_which_it_began()
    {
        var text = new StringWriter { NewLine = "\n" };
        MigrationSheet.Write(text, s_lost);
        Assert.EndsWith("\nto            resource-2\nstep          unknown\nwaits         waits for resource-1\n", text.ToString(), StringComparison.Ordinal);
    }
}
