#!/bin/bash
# Takes one webhook of straykey: a request on standard input, the answer on standard output. Whatever listens starts it, a process for each connection:
#   systemd-socket-activate --accept --inetd -l 127.0.0.1:8080 ./receive.sh soc
# receive.sh SECRET_FILE; one whsec_ secret a line. bash, openssl, base64 and coreutils, nothing besides. 
# What was taken goes to the folder TAKEN of the environment, or to `taken` where this was started: TAKEN/ID/body. On its output nothing is printed, which is the connection.
set -u
LC_ALL=C
readonly clock_difference_s_max=300 body_bytes_max=262144 secret_file=$1 taken=${TAKEN:-taken}

answer() { printf 'HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n' "$1"; exit; }

id='' timestamp='' signature='' length=''
read -r -t 15 request || exit
while IFS= read -r -t 15 line && line=${line%$'\r'} && [ -n "$line" ]; do
  value=${line#*:} value=${value# }
  case ${line%%:*} in
    [Ww]ebhook-[Ii]d) id=$value ;;
    [Ww]ebhook-[Tt]imestamp) timestamp=$value ;;
    [Ww]ebhook-[Ss]ignature) signature=$value ;;
    [Cc]ontent-[Ll]ength) length=$value ;;
  esac
done
[[ $request == POST\ * ]] || answer '405 Method Not Allowed'
[[ $length =~ ^[0-9]{1,6}$ && $length -le $body_bytes_max ]] || answer '413 Content Too Large'
[[ $id =~ ^[A-Za-z0-9_.-]{1,100}$ && $timestamp =~ ^[0-9]{1,12}$ ]] || answer '401 Unauthorized'
difference=$(( $(date +%s) - timestamp ))
[[ ${difference#-} -le $clock_difference_s_max ]] || answer '401 Unauthorized'        # somebody sends an old message again

# The bytes as they came, in a file: a shell's variable would lose some of them.
message=$(mktemp -d) || exit
trap 'rm -rf "$message"' EXIT
timeout 15 head -c "$length" > "$message/body"
{ printf '%s.%s.' "$id" "$timestamp"; cat "$message/body"; } > "$message/signed"

# HMAC-SHA256 of FILE with a key of at most 64 bytes in hex. By hand, because a key among openssl's arguments is there for everybody who lists processes.
hmac() {
  local inner='' outer='' i byte
  for (( i = 0; i < 64; ++i )); do
    byte=$(( 16#0${1:2*i:2} ))
    printf -v inner '%s\\x%02x' "$inner" $(( byte ^ 0x36 ))
    printf -v outer '%s\\x%02x' "$outer" $(( byte ^ 0x5c ))
  done
  { printf "$outer"; { printf "$inner"; cat "$2"; } | openssl dgst -sha256 -binary; } | openssl dgst -sha256 -binary
}

genuine=no
while read -r secret || [ -n "$secret" ]; do
  expected=v1,$(hmac "$(printf '%s' "${secret#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')" "$message/signed" | base64)
  # Compared by their hashes, so that the time taken tells nothing about the signature.
  for word in $signature; do
    [ "$(printf '%s' "$word" | sha256sum)" = "$(printf '%s' "$expected" | sha256sum)" ] && genuine=yes
  done
done < "$secret_file"
[ "$genuine" = yes ] || answer '401 Unauthorized'

# A file for each message is the memory of what came. It gets its name when it is whole, and ln succeeds once.
kept=$taken/$id/body
if [ ! -e "$kept" ]; then
  mkdir -p "$taken/$id" && cp "$message/body" "$kept.$$" && ln "$kept.$$" "$kept" &&
    :                                       # what you want done. Be quick: straykey waits 15 s
  rm -f "$kept.$$"
fi 2> /dev/null
[ -e "$kept" ] || answer '500 Internal Server Error'
answer '204 No Content'                     # only now: after any other answer, or none, it comes again
