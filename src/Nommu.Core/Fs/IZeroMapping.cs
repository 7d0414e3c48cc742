namespace Nommu.Core.Fs;

/// <summary>Linux: <c>mmap_zero</c>. Marks a file whose mapping is anonymous memory.</summary>
internal interface IZeroMapping;
