using CsCheck;
using Godwit.Hypervisors.Xen.Migration;

namespace Godwit.Hypervisors.Tests.Xen;

public class ReceiverWordsTests
{
    private static byte[] Words => [.. Handshake.Banner, .. Handshake.Ready];

    [Fact]
    public void Only_the_banner_is_for_the_source_s_xl_however_the_words_are_cut() => Gen.Int[1, 100].Array[1, 10].Sample(cuts =>
    {
        var (words, banner, heard) = (Words, 0, new ReceiverWords());
        for (int at = 0, i = 0; at < words.Length; i++)
        {
            Assert.False(heard.Ready);
            var length = Math.Min(cuts[i % cuts.Length], words.Length - at);
            banner += heard.Take(words.AsSpan(at, length));
            at += length;
            Assert.Equal(at >= Handshake.Banner.Length, heard.Greeted);
        }
        Assert.True(heard.Ready);
        Assert.Equal(Handshake.Banner.Length, banner);
    });

    [Fact]
    public void A_receiver_that_says_something_else_is_not_listened_to()
    {
        Assert.Throws<IOException>(() => new ReceiverWords().Take("migration target: Domain creation failed"u8));
        var ready = new ReceiverWords();
        ready.Take(Words);
        Assert.Throws<IOException>(() => ready.Take(Handshake.Report));
    }
}
