namespace Godwit.Storage.Attachments;

/// <summary>The kernel's driver <c>aoe</c> as attachments use it. Addresses are as in <c>e0.1</c>.</summary>
internal interface IKernelDriver
{
    /// <summary>Loads it, for the storage network only, where it is not loaded; false where there is none.</summary>
    Task<bool> IsThereAsync(CancellationToken cancellationToken);

    /// <summary>Path of a target's device.</summary>
    string DeviceOf(string address);

    /// <summary>Waits until the driver has a device of this size.</summary>
    /// <exception cref="Godwit.Domains.GodwitException">
    /// The driver is not there or kept from the storage network, no such target answers, or its size is another.
    /// </exception>
    Task FindAsync(string name, string address, long sizeBytes, CancellationToken cancellationToken);

    /// <summary>Has a device that the driver gave up serve requests again; false while the target does not answer.</summary>
    Task<bool> ReviveAsync(string address, CancellationToken cancellationToken);

    /// <summary>Forgets what the kernel has cached of a device, for whoever looked at it while another host wrote to it.</summary>
    /// <exception cref="Godwit.Domains.GodwitException">The device cannot be opened.</exception>
    void DropCache(string name, string path);

    /// <summary>
    /// Takes the device away, with all that is cached of it, unless a device of the host lies on it. What else has it open gets errors,
    /// as it would from the target.
    /// </summary>
    void Forget(string address);
}
