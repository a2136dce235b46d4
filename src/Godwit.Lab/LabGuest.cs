using System.Reflection;
using Godwit.Domains;
using Godwit.Storage.Images;

namespace Godwit.Lab;

/// <summary>The guests that demo and tests run: images with the writer in them.</summary>
public static class LabGuest
{
    /// <summary>Root's password in the demo; it is shown to whoever runs it.</summary>
    public const string Password = "godwit";

    /// <summary>The writer runs in a guest that has this file.</summary>
    public const string WriterFlag = "/etc/godwit-writer";

    /// <summary>What the writer has made durable, inside the guest.</summary>
    public const string WriterLog = "/var/lib/writer.log";

    /// <summary>TCP port on which the writer reports.</summary>
    public const int WriterPort = 7070;

    private static readonly GuestService Writer = new("godwit-writer", ReadWriter(), WriterFlag);

    /// <summary>Builds the image, or finds it in the cache.</summary>
    /// <param name="name"><c>debian</c> or <c>tiny</c>.</param>
    public static Task<GuestImage> GetImageAsync(
        string name, IProgress<string>? progress = null, CancellationToken ct = default) => name switch
        {
            "debian" => DebianImage.GetAsync(new ImageCache(), [Writer], progress, ct),
            "tiny" => TinyImage.GetAsync(new ImageCache(), [Writer], progress, ct),
            _ => throw new GodwitException("no-such-image", $"there is no image `{name}`", "take debian or tiny"),
        };

    /// <summary>A guest of the lab's network, with the writer running.</summary>
    public static GuestCustomization Customize(string hostName, string address) => new()
    {
        HostName = hostName,
        Address = address + "/24",
        Password = Password,
        Flags = [WriterFlag],
    };

    private static string ReadWriter()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("writer.c")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
