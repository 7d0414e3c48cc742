#!/usr/bin/env bash
# Fetches, once, Debian's packages of programs that the tests run and that a machine may not have: fetch-debian.sh STAMP. They are unpacked, not installed, beside the guests' root; without a network their tests fail until a build has had one.
set -uo pipefail
stamp=$1
packages=(busybox-static gawk libsigsegv2 libmpfr6 libgmp10 lua5.4 liblua5.4-0 tcc libtcc-dev sqlite3 libsqlite3-0 libreadline8 libtinfo6
    python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libffi8 libexpat1 libssl3 zlib1g libbz2-1.0 liblzma5 libuuid1)
cache=${NOMMU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nommu-core}
target=$cache/debian-$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-12)
mkdir -p "$cache" "$(dirname "$stamp")"
exec 9> "$cache/debian.lock"
flock 9
if [ ! -e "$target/complete" ]; then
    echo "guest programs: fetching ${packages[*]}"
    rm -rf "$target"
    mkdir -p "$target"/apt/{lists,cache/archives}/partial "$target/unpacked"
    # The machine's own sources of packages, with lists of our own: its set-up stays as it is.
    options=(-o "Dir::State::lists=$target/apt/lists" -o "Dir::Cache=$target/apt/cache" -o APT::Sandbox::User= -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)
    if (cd "$target/apt" && apt-get "${options[@]}" -q update && apt-get "${options[@]}" -q download "${packages[@]}" && for package in *.deb; do dpkg -x "$package" "$target/unpacked" || exit; done) > "$target/fetch.log" 2>&1; then
        rm -rf "$target/apt"
        touch "$target/complete"
    else
        echo "guest programs: not to be had now: $(tail -n 1 "$target/fetch.log")"
    fi
fi
echo "$target/unpacked" > "$stamp"
# So old that the next build tries again.
[ -e "$target/complete" ] || touch -d @0 "$stamp"
