#!/usr/bin/env bash
# behind.sh PORT URL TOKEN FILE PROXY...: starts a proxy, posts the file to its port with curl, and ends the proxy.
set -u
port=$1 url=$2 token=$3 file=$4
shift 4
"$@" >proxy.log 2>&1 &
proxy=$!
trap 'kill "$proxy" 2>/dev/null; wait "$proxy" 2>/dev/null' EXIT
for _ in $(seq 100); do
    if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    kill -0 "$proxy" 2>/dev/null || { tail -1 proxy.log; exit 99; }
    sleep 0.1
done
curl -sS --fail-with-body -H "Authorization: Bearer $token" --data-binary "@$file" "$url"
