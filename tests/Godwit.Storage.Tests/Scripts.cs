namespace Godwit.Storage.Tests;

/// <summary>Shell scripts that stand in for <c>godwit-aoe</c>, or lead to it.</summary>
internal static class Scripts
{
    public static string Write(string path, string body)
    {
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }
}
