using Godwit.Daemon.Transport;

namespace Godwit.Daemon.Checks;

/// <summary>All checks, in the order in which their findings are told. None is made before it is asked for.</summary>
internal static class Checks
{
    public static void AddChecks(this IServiceCollection services)
    {
        services.AddSingleton<PeerSurvey>();
        services.AddSingleton<PortProbe>();
        services.AddSingleton<HostChecker>();
        services.AddSingleton<IHostCheck, VersionsCheck>();
        services.AddSingleton<IHostCheck, KvmCheck>();
        services.AddSingleton<IHostCheck, EngineCheck>();
        services.AddSingleton<IHostCheck, MemoryCheck>();
        services.AddSingleton<IHostCheck, SpaceCheck>();
        services.AddSingleton<IHostCheck, BridgeCheck>();
        services.AddSingleton<IHostCheck, StorageInterfaceCheck>();
        services.AddSingleton<IHostCheck, StoragePathCheck>();
        services.AddSingleton<IHostCheck, AoeModuleCheck>();
        services.AddSingleton<IHostCheck, LvmCheck>();
        services.AddSingleton<IHostCheck, RegistryCheck>();
        services.AddSingleton<IHostCheck, PortCheck>();
        services.AddSingleton<IHostCheck, ClockCheck>();
    }
}
