#!/usr/bin/env bash
# Makes a static-PIE with some 100 MB of generated code: usage: large.sh COMPILER OUTPUT [COPIES]
# One unit of functions as compilers see them (calls, loops, switches with jump tables, strings, floating point), linked many times under other names. Run, it calls some functions of one copy, or with an argument of all, and prints a sum.
set -euo pipefail
compiler=$1 output=$2 copies=${3:-55}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk 'BEGIN {
    srand(20)
    count = 4000
    for (i = 0; i < count; i++)
        printf "static long f%d(long a, long b, const char *s);\n", i
    for (i = 0; i < count; i++) {
        printf "static __attribute__((noinline, used)) long f%d(long a, long b, const char *s)\n{\n    long r = a ^ %d; double d = (double)b * %d.5;\n", i, int(rand() * 1e6), int(rand() * 100)
        for (n = 0; n < 3 + int(rand() * 4); n++) {
            kind = int(rand() * 6)
            if (kind == 0) {
                printf "    switch ((unsigned long)(a + b) %% %d) {\n", 6 + int(rand() * 10)
                for (c = 0; c < 10; c++)
                    printf "    case %d: r += b * %d; s = \"text %d of %d\"; break;\n", c, int(rand() * 5000), int(rand() * 1e6), c
                print "    }"
            } else if (kind == 1)
                printf "    for (long i = 0; i < (b & %d); i++) r = r * %d + s[i & 3];\n", 3 + int(rand() * 12), 3 + int(rand() * 1000)
            else if (kind == 2 && i + 1 < count)
                printf "    if (r & %d) r += f%d(r, b + %d, \"call %d\");\n", 1024 * (1 + int(rand() * 60)), i + 1 + int(rand() * (count - i - 1)), int(rand() * 100), int(rand() * 1e6)
            else if (kind == 3)
                printf "    d = d * %d.25 + (double)(r & 255); r ^= (long)d & 4095;\n", 1 + int(rand() * 9)
            else
                printf "    r ^= (r << %d) + %d; b -= r >> %d;\n", 1 + int(rand() * 20), int(rand() * 1e6), 1 + int(rand() * 20)
        }
        print "    return r + b + s[0] + (long)d;\n}"
    }
    print "long enter(long a)\n{"
    for (i = 0; i < 8; i++)
        printf "    a += f%d(a, 3, \"enter %d\");\n", int(rand() * count), i
    print "    return a;\n}"
}' > "$work/unit.c"
"$compiler" -O2 -std=gnu11 -w -c "$work/unit.c" -o "$work/unit.o"
{
    echo '#include <stdio.h>'
    for ((i = 0; i < copies; i++)); do echo "long enter$i(long a);"; done
    echo 'int main(int argc, char **argv)'
    echo '{'
    echo '    long sum = enter0(1);'
    echo '    if (argc > 1) {'
    for ((i = 1; i < copies; i++)); do echo "        sum += enter$i($i);"; done
    echo '    }'
    echo '    printf("%ld\n", sum);'
    echo '}'
} > "$work/main.c"
objects=()
for ((i = 0; i < copies; i++)); do
    objcopy --redefine-sym enter=enter$i "$work/unit.o" "$work/unit$i.o"
    objects+=("$work/unit$i.o")
done
mkdir -p "$(dirname "$output")"
"$compiler" -O2 -std=gnu11 -static-pie "$work/main.c" "${objects[@]}" -o "$output.new"
mv "$output.new" "$output"
