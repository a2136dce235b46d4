using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Godwit.Hypervisors.Tests.Qemu;

/// <summary>A copy with its console text and its events kept, for tests to wait on. Destroyed at the end.</summary>
internal sealed partial class TestCopy : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly StringBuilder _console = new();
    private readonly List<CopyEvent> _events = [];
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _tasks = [];
    private Stream? _terminal;

    private TestCopy(IDomainCopy copy) => Copy = copy;

    public IDomainCopy Copy { get; }

    public static async Task<TestCopy> OfAsync(IDomainCopy copy)
    {
        var test = new TestCopy(copy) { _terminal = await copy.OpenConsoleAsync(CancellationToken.None) };
        test._tasks.Add(Task.Run(test.ReadConsoleAsync));
        test._tasks.Add(Task.Run(test.ReadEventsAsync));
        return test;
    }

    public static async Task<TestCopy> StartAsync(GuestFixture guests, CopyOrder order, bool boot = true)
    {
        var copy = await OfAsync(await guests.Hypervisor.StartAsync(order, CancellationToken.None));
        if (!boot) return copy;
        await copy.Copy.ContinueAsync(CancellationToken.None);
        await copy.WaitForTextAsync("tick 3");
        return copy;
    }

    public string Console
    {
        get
        {
            lock (_console) return _console.ToString();
        }
    }

    public IReadOnlyList<CopyEvent> Events
    {
        get
        {
            lock (_events) return [.. _events];
        }
    }

    /// <summary>The last number that the guest counted.</summary>
    public int Ticks => Console.Split('\n').Select(line => Tick().Match(line)).Where(match => match.Success)
        .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).LastOrDefault(-1);

    public async Task TypeAsync(string line) => await _terminal!.WriteAsync(Encoding.ASCII.GetBytes(line + "\n"));

    /// <summary>Forgets the events so far, so that later ones can be waited for.</summary>
    public void ForgetEvents()
    {
        lock (_events) _events.Clear();
    }

    public Task WaitForTextAsync(string text) =>
        WaitAsync(() => Console.Contains(text, StringComparison.Ordinal), $"`{text}`");

    public Task WaitForTicksAsync(int atLeast) => WaitAsync(() => Ticks >= atLeast, $"tick {atLeast}");

    public async Task<T> WaitForAsync<T>() where T : CopyEvent
    {
        await WaitAsync(() => Events.OfType<T>().Any(), typeof(T).Name);
        return Events.OfType<T>().Last();
    }

    public async Task<CopyPhase> PhaseAsync() => (await Copy.QueryAsync(CancellationToken.None)).Phase;

    public async ValueTask DisposeAsync()
    {
        await Copy.DestroyAsync(CancellationToken.None);
        await LetGoAsync();
    }

    /// <summary>Drops the object as a daemon that ends does; the guest stays.</summary>
    public async Task LetGoAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_tasks);
        await _terminal!.DisposeAsync();
        await Copy.DisposeAsync();
    }

    private async Task WaitAsync(Func<bool> condition, string what)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Limit,
                $"no {what} within {Limit}; events: {string.Join(", ", Events)}; console:\n{Console}");
            await Task.Delay(5);
        }
    }

    private async Task ReadConsoleAsync()
    {
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await _terminal!.ReadAsync(buffer, _end.Token)) > 0)
                lock (_console) _console.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }

    private async Task ReadEventsAsync()
    {
        try
        {
            await foreach (var @event in Copy.Events.ReadAllAsync(_end.Token))
                lock (_events) _events.Add(@event);
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }

    // Whole lines alone: what is typed is echoed in between.
    [GeneratedRegex("^tick ([0-9]+)\r$")]
    private static partial Regex Tick();
}
