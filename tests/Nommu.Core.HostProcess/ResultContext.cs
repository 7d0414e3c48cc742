using System.Text.Json.Serialization;

namespace Nommu.Core.HostProcess;

/// <summary>How results are written without reflection, which an ahead-of-time compiled process has little of.</summary>
[JsonSerializable(typeof(ProgramResult))]
internal sealed partial class ResultContext : JsonSerializerContext;
