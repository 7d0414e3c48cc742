namespace Nommu.Core.Fs;

/// <summary>The children of one dentry by name: chained hashing, written under the directory's lock, read without.</summary>
internal sealed class DentryTable
{
    private DentryPlace?[] _buckets = new DentryPlace?[4];
    private int _count;

    internal Dentry? Find(ReadOnlySpan<byte> name, uint hash)
    {
        var buckets = Volatile.Read(ref _buckets);
        for (var place = Volatile.Read(ref buckets[hash & (buckets.Length - 1)]); place is not null; place = Volatile.Read(ref place.Next))
        {
            if (place.Name.Hash == hash && place.Name.Bytes.SequenceEqual(name))
                return place.Dentry;
        }
        return null;
    }

    internal void Add(DentryPlace place)
    {
        if (_count >= _buckets.Length)
            Grow();
        _count++;
        ref var bucket = ref _buckets[place.Name.Hash & (_buckets.Length - 1)];
        place.Next = bucket;
        Volatile.Write(ref bucket, place);
    }

    internal bool Remove(DentryPlace place)
    {
        ref var link = ref _buckets[place.Name.Hash & (_buckets.Length - 1)];
        while (link is not null)
        {
            if (link == place)
            {
                Volatile.Write(ref link, place.Next);
                _count--;
                return true;
            }
            link = ref link.Next;
        }
        return false;
    }

    /// <summary>Readers may be on the old chains: the nodes are relinked in place, which at worst makes them miss and look again under the lock.</summary>
    private void Grow()
    {
        var old = _buckets;
        var buckets = new DentryPlace?[old.Length * 2];
        foreach (var first in old)
        {
            for (var place = first; place is not null;)
            {
                var next = place.Next;
                ref var bucket = ref buckets[place.Name.Hash & (buckets.Length - 1)];
                Volatile.Write(ref place.Next, bucket);
                bucket = place;
                place = next;
            }
        }
        Volatile.Write(ref _buckets, buckets);
    }
}
