using Godwit.Storage.Volumes.Stores.Lvm;

namespace Godwit.Storage.Volumes.Stores;

/// <summary>The store of each kind of group.</summary>
public static class VolumeStores
{
    public static IVolumeStore Open(GroupDefinition group) => group.Kind switch
    {
        GroupKind.Directory => new DirectoryStore(group.Name, group.Directory!),
        GroupKind.Lvm => new LvmStore(group, new LvmTool(), DirectVolumeData.Instance),
        _ => throw new ArgumentOutOfRangeException(nameof(group), group.Kind, "No such kind of group."),
    };
}
