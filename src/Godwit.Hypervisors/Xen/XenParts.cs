using Godwit.Hypervisors.Xen.Toolstack;
using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Xen;

/// <summary>What all copies of this host share.</summary>
internal sealed record XenParts(XenOptions Options, Xl Xl, XenStore Store, HotplugScripts Scripts, TimeProvider Time, ILogger Log);
