#!/usr/bin/env bash
# Builds, once, what guests consist of: an unmodified musl and an unmodified busybox (NOMMU, hush) from Debian's source packages, and the root file system made of them.
# They go into $NOMMU_CACHE, or nommu-core in the user's cache folder, and in it into one folder for each state of these scripts. Its path is printed last, and written to the file that is named as argument.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=$(cd "$here" && find . -type f ! -name '*.targets' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12)
cache=${NOMMU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nommu-core}
target=$cache/$state
stamp=${1:-}

# MSBuild shows a running target's words only where its output is no terminal, and 'dotnet run' never does. There they go to the standard error of the command that somebody typed, in a line of their own.
listener=
find_listener() {
    local pid=$PPID name verb
    while [ "${pid:-0}" -gt 1 ]; do
        read -r name verb _ < <(tr '\0' ' ' 2>/dev/null < "/proc/$pid/cmdline") || true
        if [ "${name##*/}" = dotnet ] && { [ "$verb" = run ] || [ -c "/proc/$pid/fd/2" ]; }; then
            listener=/proc/$pid/fd/2
            return
        fi
        pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
    done
}
say() {
    echo "guest root: $*"
    local clear=
    [ ! -c "$listener" ] || clear=$'\r\033[K'
    [ -z "$listener" ] || echo "${clear}guest root: $*" 2>/dev/null >> "$listener" || true
}
# What went wrong is an error of the build, by MSBuild's doing.
fail() {
    [ -z "${1:-}" ] || tail -n 20 "$1" >&2
    exit 1
}
done_() {
    if [ -n "$stamp" ]; then
        mkdir -p "$(dirname "$stamp")"
        echo "$target" > "$stamp"
    fi
    echo "guest root: $target"
    exit 0
}
[ -e "$target/complete" ] && done_

find_listener
mkdir -p "$cache"
exec 9> "$cache/lock"
flock -n 9 || { say "another build is at it; waiting"; flock 9; }
[ -e "$target/complete" ] && done_
rm -rf "$target"
mkdir -p "$target"

install_packages() {
    local missing=()
    for package in gcc libc6-dev linux-libc-dev make dpkg-dev bzip2 xz-utils patch binutils; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    local sudo=
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            echo "guest root: packages are missing, and installing them takes root: apt-get install ${missing[*]}" >&2
            fail
        fi
        sudo="sudo -n"
    fi
    say "installing ${missing[*]}"
    $sudo apt-get update -q > "$target/apt.log" 2>&1 || fail "$target/apt.log"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" >> "$target/apt.log" 2>&1 || fail "$target/apt.log"
}

# The machine's own package sources, asked for source code. Only those of the distribution itself (their suite starts with
# its code name): others need not have sources at all.
write_source_lists() {
    local suite
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    local file
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        awk -v suite="$suite" '
            function flush() { if (binary && mine && !off) print stanza; stanza = ""; binary = mine = off = 0 }
            /^[ \t]*$/ { flush(); next }
            /^#/ { next }
            tolower($1) == "types:" { if (/[ \t]deb([ \t]|$)/) binary = 1; $0 = "Types: deb-src" }
            tolower($1) == "enabled:" && tolower($2) == "no" { off = 1 }
            tolower($1) == "suites:" { for (i = 2; i <= NF; i++) if (index($i, suite) == 1) mine = 1 }
            { stanza = stanza $0 "\n" }
            END { flush() }' "$file"
    done >"$target/apt/parts/sources.sources"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        awk -v suite="$suite" '
            $1 == "deb" {
                i = 2
                if ($2 ~ /^\[/) { while ($i !~ /\]$/ && i < NF) i++; i++ }
                if (index($(i + 1), suite) == 1) { $1 = "deb-src"; print }
            }' "$file"
    done >"$target/apt/parts/sources.list"
}

# Source packages are asked for with lists of their own, from wherever the machine has its binary ones: its own set-up stays as it is.
fetch_sources() {
    local apt=$target/apt
    mkdir -p "$apt/parts" "$apt/lists/partial"
    write_source_lists
    local options=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/parts" -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=)
    say "fetching the sources of musl and busybox"
    (cd "$target" && mkdir -p source "$apt/cache/archives/partial" && cd source && apt-get "${options[@]}" -q update && apt-get "${options[@]}" -q source musl busybox) > "$target/fetch.log" 2>&1 ||
        fail "$target/fetch.log"
}

build_musl() {
    say "building musl"
    (cd "$target"/source/musl-*/ && ./configure --prefix="$target/musl" --syslibdir="$target/musl/lib" && make -j"$(nproc)" && make install) > "$target/musl.log" 2>&1 ||
        fail "$target/musl.log"
    mkdir -p "$target/headers" "$target/bin"
    for folder in linux asm-generic mtd scsi misc sound video rdma xen; do
        [ -d /usr/include/$folder ] && ln -sfn /usr/include/$folder "$target/headers/$folder"
    done
    ln -sfn /usr/include/x86_64-linux-gnu/asm "$target/headers/asm"
    sed "s|@MUSL@|$target/musl|; s|@HEADERS@|$target/headers|" "$here/nommu-cc.in" > "$target/bin/nommu-cc"
    chmod 755 "$target/bin/nommu-cc"
}

# name, and what make gets besides
build_busybox() {
    local name=$1
    shift
    say "building busybox, $name"
    local source build=$target/build-$name
    source=$(echo "$target"/source/busybox-*/)
    mkdir -p "$build"
    {
        make -C "$source" O="$build" defconfig
        sed -i -E 's/.*CONFIG_NOMMU[ =].*/CONFIG_NOMMU=y/; s/.*CONFIG_PIE[ =].*/CONFIG_PIE=y/; s/.*CONFIG_SH_IS_ASH[ =].*/# CONFIG_SH_IS_ASH is not set/; s/.*CONFIG_SH_IS_HUSH[ =].*/CONFIG_SH_IS_HUSH=y/' "$build/.config"
        (yes "" || true) | make -C "$source" O="$build" oldconfig
        make -C "$build" -j"$(nproc)" CC="$target/bin/nommu-cc" "$@"
    } > "$target/busybox-$name.log" 2>&1 || fail "$target/busybox-$name.log"
}

make_root() {
    say "laying out the root file system"
    local root=$target/root
    mkdir -p "$root"/{bin,sbin,dev,proc,sys,root,run,mnt,home,lib,var/{log,run,tmp,lib,spool/cron/crontabs},usr/{bin,sbin,lib}}
    mkdir -m 1777 "$root/tmp"
    cp -R "$here/etc" "$root/etc"
    cp "$target/build-dynamic/busybox" "$root/bin/busybox"
    cp "$target/build-static/busybox" "$root/bin/busybox-static"
    cp "$target/musl/lib/libc.so" "$root/lib/ld-musl-x86_64.so.1"
    ln -sfn ld-musl-x86_64.so.1 "$root/lib/libc.so"
    "$root/bin/busybox-static" --list > "$target/busybox.applets"
    "$root/bin/busybox-static" --list-full | while read -r path; do
        [ -e "$root/$path" ] && continue
        mkdir -p "$root/$(dirname "$path")"
        case $path in
        bin/*) ln -s busybox "$root/$path" ;;
        usr/*) ln -s ../../bin/busybox "$root/$path" ;;
        */*) ln -s ../bin/busybox "$root/$path" ;;
        *) ln -s bin/busybox "$root/$path" ;;
        esac
    done
    cp -R "$target"/source/busybox-*/shell/hush_test "$target/hush_test"
    # The configuration tells the suite which features there are.
    cp "$target/build-dynamic/.config" "$target/hush_test/.config"
}

install_packages
fetch_sources
build_musl
build_busybox dynamic
build_busybox static ARCH_PIE=-static-pie
make_root
rm -rf "$target/source" "$target/apt" "$target"/build-*
touch "$target/complete"
done_
