#!/usr/bin/env bash
# Compiles a folder of guest programs: build-programs.sh CACHE SOURCE OUTPUT. See GuestPrograms.targets for what a name means.
set -euo pipefail
cache=$1 source=$2 output=$3
cc=$cache/bin/nommu-cc
flags="-O2 -g0 -Wall -Wextra -Wno-unused-parameter -Werror -std=gnu11"
echo "guest programs: compiling $(basename "$source")"
rm -rf "$output"
mkdir -p "$output"
compile() {
    local file=$1 name more
    name=$(basename "$file" .c)
    more=$(sed -n "s|^// flags: ||p" "$file")
    more=${more//@CACHE@/$cache}
    case $name in
    *.inc) ;;
    *.lib) "$cc" $flags -shared "$file" -o "$output/lib${name%.lib}.so" $more ;;
    *.dynamic) "$cc" $flags -rdynamic "$file" -o "$output/${name%.dynamic}" $more ;;
    *.glibc) gcc $flags -static-pie "$file" -o "$output/${name%.glibc}" $more ;;
    *) "$cc" $flags -static-pie "$file" -o "$output/$name" $more ;;
    esac
}
export -f compile
export cc flags output cache
printf '%s\0' "$source"/*.c | xargs -0 -P "$(nproc)" -I{} bash -c 'compile "$1"' _ {}
# What there is to run: NAME static|dynamic.
for file in "$source"/*.c; do
    name=$(basename "$file" .c)
    case $name in
    *.dynamic) echo "${name%.dynamic} dynamic" ;;
    *.glibc) echo "${name%.glibc} static" ;;
    *.*) ;;
    *) echo "$name static" ;;
    esac
done > "$output/programs.list"
touch "$output/.complete"
