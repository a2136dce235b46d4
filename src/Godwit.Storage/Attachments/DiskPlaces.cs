using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Storage.Attachments;

/// <summary>Where and how a host attaches disks.</summary>
/// <param name="Program">Path of <c>godwit-aoe</c>.</param>
/// <param name="Interfaces">Interfaces of the storage network, one at least: a disk is reached over each.</param>
/// <param name="Macs">Ethernet addresses of this host on the storage network.</param>
/// <param name="RunDirectory">Sockets, records and logs of the attachments.</param>
/// <param name="Owner">User that opens the disks besides root; null for nobody.</param>
/// <param name="Driver">By which initiator.</param>
/// <param name="Local">The exports of this host itself, which it does not reach by its interfaces; null where it has none.</param>
public sealed record DiskPlaces(
    string Program, ImmutableArray<string> Interfaces, ImmutableArray<MacAddress> Macs, string RunDirectory, string? Owner = null,
    DiskDriver Driver = DiskDriver.Godwit, LocalExports? Local = null)
{
    /// <summary>Whether this host serves the volume itself.</summary>
    public bool IsLocal(DiskIdentity disk) => Local is { } local && disk.StorageHost == local.Host;
}

/// <param name="Host">Name of this host.</param>
/// <param name="RunDirectory">Where their sockets are.</param>
public sealed record LocalExports(string Host, string RunDirectory);

/// <summary>Which initiator attaches the volumes of the pool.</summary>
public enum DiskDriver
{
    /// <summary>The kernel's where its module is loaded or can be, else <c>godwit-aoe attach</c>.</summary>
    Auto = 1,

    /// <summary>The kernel's <c>aoe</c>, and none other.</summary>
    Kernel,

    /// <summary><c>godwit-aoe attach</c>.</summary>
    Godwit,
}
