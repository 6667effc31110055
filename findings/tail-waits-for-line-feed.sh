#!/usr/bin/env bash
# rsyslog and syslog-ng, told to read a folder of CloudTrail objects, send nothing of them and say nothing.
#
# Guess:  a file input sends the last line of a file at its end, with or without a line feed.
# Seen:   a CloudTrail object is one line of JSON without a line feed at its end. rsyslog's imfile and syslog-ng's
#         file() wait for that line feed for ever: of two objects with the same content, the one with a line feed is
#         sent, the other never, neither while the daemon runs nor when it stops, and neither daemon logs a word.
#         imfile's readTimeout does not change that.
# Why:    "gunzip the objects into a folder and let the syslog daemon we already have send them" looks right, and not
#         one record arrives. A receiver cannot see it: its manual must say that such a sender needs a line feed after
#         each object (gunzip, then echo).
# Peers:  rsyslog 8.2302.0-1+deb12u2, syslog-ng-core 3.38.1-5+deb12u1 (Debian 12)
# Seen on: 2026-11-30
# Run:    findings/tail-waits-for-line-feed.sh     (Debian 12 on amd64; nothing is installed on the machine; about 25 s)
set -euo pipefail

folder=$(mktemp -d)
daemon=
cleanup() { [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; rm -rf "$folder"; }
trap cleanup EXIT
cd "$folder"

apt-get -qq -o APT::Sandbox::User=root download \
    rsyslog=8.2302.0-1+deb12u2 libestr0=0.1.11-1 libfastjson4=1.2304.0-1 liblognorm5=2.0.6-4 \
    syslog-ng-core=3.38.1-5+deb12u1 libivykis0=0.42.4-1 libjson-c5=0.16-2 libnet1=1.1.6+dfsg-3.2 libpcre3=2:8.39-15 libwrap0=7.6.q-32
for package in *.deb; do dpkg -x "$package" root; done
root=$folder/root
libraries=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu:$root/usr/lib/syslog-ng

record() {
    printf '{"Records":[{"eventVersion":"1.08","eventTime":"2026-11-28T11:00:00Z","eventSource":"sts.amazonaws.com",'
    printf '"eventName":"GetCallerIdentity","eventID":"00000000-0000-4000-8000-00000000000%s"}]}' "$1"
}
record 1 >as-stored.json
{ record 2; echo; } >with-line-feed.json
record 3 >with-timeout.json

cat >rsyslog.conf <<CONF
global(workDirectory="$folder")
module(load="imfile" mode="inotify")
input(type="imfile" File="$folder/as-stored.json" Tag="as-stored" ruleset="keep")
input(type="imfile" File="$folder/with-line-feed.json" Tag="with-line-feed" ruleset="keep")
input(type="imfile" File="$folder/with-timeout.json" Tag="with-timeout" readTimeout="2" ruleset="keep")
template(name="tag" type="string" string="rsyslog %syslogtag%\n")
ruleset(name="keep") { action(type="omfile" file="$folder/rsyslog.out" template="tag") }
CONF
LD_LIBRARY_PATH=$libraries "$root/usr/sbin/rsyslogd" -n -M "$root/usr/lib/x86_64-linux-gnu/rsyslog" -f rsyslog.conf -i "$folder/rsyslog.pid" \
    >rsyslog.log 2>&1 &
daemon=$!
sleep 12
kill "$daemon" && wait "$daemon" || true
daemon=

cat >syslog-ng.conf <<CONF
@version: 3.38
source stored { file("$folder/as-stored.json" flags(no-parse) read-old-records(yes)); };
source line { file("$folder/with-line-feed.json" flags(no-parse) read-old-records(yes)); };
destination keep { file("$folder/syslog-ng.out" template("syslog-ng \$SOURCE\n")); };
log { source(stored); source(line); destination(keep); };
CONF
LD_LIBRARY_PATH=$libraries "$root/usr/sbin/syslog-ng" -F --no-caps -f syslog-ng.conf --module-path "$root/usr/lib/syslog-ng/3.38" \
    -R "$folder/persist" -p "$folder/syslog-ng.pid" -c "$folder/control" >syslog-ng.log 2>&1 &
daemon=$!
sleep 6
kill "$daemon" && wait "$daemon" || true
daemon=

cat rsyslog.log syslog-ng.log
sort rsyslog.out syslog-ng.out | tee seen
printf 'rsyslog with-line-feed\nsyslog-ng line\n' >stated
if ! diff stated seen || [ -s rsyslog.log ] || [ -s syslog-ng.log ]; then
    echo "CHANGED: what the two daemons send of an object without a line feed is not what this finding states"
    exit 1
fi
echo "as stated: without a line feed nothing is sent and nothing is said, with readTimeout neither"
