using Xunit.Sdk;
using Xunit.v3;

namespace Godwit.Aoe.Tests.Kernel;

/// <summary>Tests in the order of their names: for a last one that looks at what the others have left.</summary>
public sealed class ByName : ITestMethodOrderer
{
    public IReadOnlyCollection<TTestMethod?> OrderTestMethods<TTestMethod>(IReadOnlyCollection<TTestMethod?> testMethods)
        where TTestMethod : notnull, ITestMethod =>
        [.. testMethods.OrderBy(method => method?.MethodName, StringComparer.Ordinal)];
}
