using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Nommu.Core;
using Nommu.Core.Benchmarks;

// Usage: Nommu.Core.Benchmarks [--json FILE] [ROW...]
// Everything runs on one processor: this process pins itself and what it starts.
const int Rounds = 7;

var (json, names) = (default(string), new List<string>());
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--json" && i + 1 < args.Length)
        json = args[++i];
    else if (args[i] == BootOnce.Argument)
        return await BootOnce.RunAsync(GuestRoot());
    else if (args[i] == ImageRows.Argument && i + 1 < args.Length)
        return await ImageRows.RunOnceAsync(GuestRoot(), args[++i]);
    else
        names.Add(args[i]);
}
var unknown = names.Except([.. Row.All.Select(row => row.Name), .. BootRows.Names, .. ImageRows.Names]).ToArray();
if (unknown.Length > 0)
{
    Console.Error.WriteLine($"no such row: {string.Join(", ", unknown)}; there are {string.Join(", ", Row.All.Select(row => row.Name).Concat(BootRows.Names).Concat(ImageRows.Names))}");
    return 2;
}
Pinning.ToOneProcessor();
var results = new List<Measurement>();
Print("row", "native ns", "kernel ns", "ratio", "spread");
await MeasureRowsAsync();
foreach (var name in BootRows.Names.Where(Wanted))
    Add(await BootRows.MeasureAsync(name, GuestRoot(), Rounds));
if (ImageRows.Names.Any(Wanted))
{
    foreach (var result in await ImageRows.MeasureAsync(Path.Combine(Metadata("GuestCache"), "bin", "nommu-cc"), Metadata("LargeProgramScript"), Metadata("LargeProgram"), Rounds))
        Add(result);
}
if (json is not null)
{
    var objects = results.Select(r => new Dictionary<string, object?> { ["row"] = r.Name, ["native_ns"] = r.NativeNs, ["kernel_ns"] = r.KernelNs, ["ratio"] = r.Ratio, ["spread"] = r.Spread });
    File.WriteAllText(json, JsonSerializer.Serialize(objects, JsonOptions.Indented));
}
return 0;

async Task MeasureRowsAsync()
{
    var rows = Row.All.Where(row => Wanted(row.Name)).ToArray();
    if (rows.Length == 0)
        return;
    var directory = Metadata("BenchmarkGuests");
    await using var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestRoot()).AddRootDirectory("/bench", directory)
        .AddRootDirectory(Path.Combine(GuestRoot(), "lib"), Path.Combine(GuestRoot(), "lib")) // where the dynamic program looks for its loader, natively as well
        .Build();
    await kernel.BootAsync();
    var bench = new GuestBench(directory, GuestRoot(), kernel);
    foreach (var row in rows)
    {
        var warm = row with { Iterations = Math.Max(1, row.Iterations / 10) };
        bench.Native(warm);
        bench.InKernel(warm);
        // What is called often is compiled once more, better, some time later.
        for (var more = 0; more < 4; more++)
        {
            bench.InKernel(row);
            Thread.Sleep(150);
        }
        var (native, inside) = (new double[Rounds], new double[Rounds]);
        for (var round = 0; round < Rounds; round++)
        {
            native[round] = bench.Native(row);
            inside[round] = bench.InKernel(row);
        }
        Add(new Measurement(row.Name, Statistics.Median(native), Statistics.Median(inside), Statistics.Median(inside) / Statistics.Median(native), Statistics.Spread(inside)));
    }
}

void Add(Measurement result)
{
    results.Add(result);
    Print(result.Name, Number(result.NativeNs, "F1"), Number(result.KernelNs, "F1"), Number(result.Ratio, "F3"), Number(result.Spread, "F2"));
}

bool Wanted(string name) => names.Count == 0 || names.Contains(name);

static string GuestRoot() => Metadata("GuestRoot");

static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";

static void Print(string a, string b, string c, string d, string e) => Console.WriteLine($"{a,-22}{b,14}{c,14}{d,10}{e,10}");

static string Metadata(string key) =>
    typeof(Row).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == key).Value!;
