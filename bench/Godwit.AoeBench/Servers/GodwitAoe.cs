using Godwit.Aoe.Wire;

namespace Godwit.AoeBench.Servers;

internal sealed class GodwitAoe(string program, string file) : Server("godwit", new AoeAddress(2, 0))
{
    public override bool StoresWrites => true;

    protected override IReadOnlyList<string> Command(Series series) =>
        [program, "export", file, "--shelf", "2", "--slot", "0", "--interface", Wire.Interface, "--control", file + ".ctl"];
}
