#!/usr/bin/env bash
# Runs every guest program on the host's own Linux, several times, and compares: run-native.sh CACHE PROGRAMS [TIMES]. What a program says there is what it must say in the kernel, so it must say it each time.
set -uo pipefail
cache=$1 programs=$2 times=${3:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
while read -r name kind; do
    interpreter=()
    [ "$kind" = dynamic ] && interpreter=("$cache/root/lib/ld-musl-x86_64.so.1")
    result=passed
    for ((i = 1; i <= times; i++)); do
        (cd "$work" && timeout 60 setsid -w env -i PATH=/bin:/usr/bin HOME=/root "${interpreter[@]}" "$programs/$name" < /dev/null > "$work/$name.$i" 2>&1)
        case $? in
        0) ;;
        77) result=skipped ;;
        *) result="failed with $?" ;;
        esac
        cmp -s "$work/$name.1" "$work/$name.$i" || result="failed: another output"
    done
    echo "$name: $result"
    case $result in failed*)
        failed=1
        grep -n ': NO$\| failed: \|^a child never' "$work/$name".* | head -n 5
        diff "$work/$name.1" "$work/$name.$times" | head -n 10 ;;
    esac
done < "$programs/programs.list"
exit $failed
