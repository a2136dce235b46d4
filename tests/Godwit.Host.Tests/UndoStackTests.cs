using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Host.Tests;

public class UndoStackTests
{
    private readonly UndoStack _undo = new(TimeProvider.System, NullLogger.Instance);
    private readonly List<string> _undone = [];

    [Fact]
    public async Task StepsAreUndoneInReverseOrderAndOnce()
    {
        Push("attach");
        Push("start");
        await _undo.UndoAsync();
        await _undo.UndoAsync();
        Assert.Equal(["start", "attach"], _undone);
    }

    [Fact]
    public async Task WhatIsKeptIsNotUndone()
    {
        Push("attach");
        _undo.Keep();
        await _undo.UndoAsync();
        Assert.Empty(_undone);
    }

    [Fact]
    public async Task AStepThatFailsDoesNotKeepTheOthers()
    {
        Push("attach");
        _undo.Push("start", _ => throw new IOException("gone"));
        await _undo.UndoAsync();
        Assert.Equal(["attach"], _undone);
    }

    private void Push(string what) => _undo.Push(what, _ =>
    {
        _undone.Add(what);
        return Task.CompletedTask;
    });
}
