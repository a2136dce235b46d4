using System.Reflection;

namespace Godwit.Storage.Images;

/// <summary>The scripts that go into guests; their sources lie in Images/Guest.</summary>
internal static class GuestResource
{
    public static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("guest/" + name)
            ?? throw new ArgumentException($"no such resource: {name}", nameof(name));
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
