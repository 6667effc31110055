#!/usr/bin/env bash
# go-syslog reads octet-counted records up to 8,192 bytes only, and one longer record ends the whole stream; line-framed
# it has no limit.
#
# Guess:  with both framings a record of 20 KB is read, or it is skipped alone and the records behind it are read.
# Seen:   the octet-counting parser refuses a count above 8,192 unless it is told otherwise, and stops there: of a
#         short, a long and a short record one arrives, with one error, "best effort" or not. The parser for line feeds
#         reads the same three. A line feed that the count includes, as rsyslog's octet-counted framing sends it, is
#         handed over as part of the message.
# Why:    collectors written in Go read syslog with this library. A CloudTrail record is often longer than 8 KB
#         (policies, AssumeRole with tags, batch calls), so a trail dies at its first long record exactly when the
#         sender was set to the framing that is meant to be the safer one. Whoever puts such a collector before a
#         detector must raise the limit to 1 MiB.
# Peers:  github.com/leodido/go-syslog/v4 v4.1.0 (Go module), Go 1.26
# Seen on: 2026-11-30
# Run:    findings/go-syslog-octet-limit.sh     (go; half a minute for the first build)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"strings"

	"github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/nontransparent"
	"github.com/leodido/go-syslog/v4/octetcounting"
	"github.com/leodido/go-syslog/v4/rfc5424"
)

func record(padding int) string {
	return `{"eventVersion":"1.08","eventName":"PutRolePolicy","requestParameters":{"policyDocument":"` + strings.Repeat("x", padding) + `"}}`
}

func main() {
	short, long := record(100), record(20000)
	header := "<134>1 2026-11-28T11:00:00Z host forwarder 1 - - "
	var whole, withLineFeed int
	var failure error
	listener := syslog.WithListener(func(result *syslog.Result) {
		if result.Error != nil {
			failure = result.Error
		}
		if result.Message == nil {
			return
		}
		text := result.Message.(*rfc5424.SyslogMessage).Message
		if text == nil {
			return
		}
		if *text == short || *text == long {
			whole++
		} else if strings.TrimSuffix(*text, "\n") == short {
			withLineFeed++
		}
	})
	tell := func(name string) {
		fmt.Println(name, "whole", whole, "with line feed", withLineFeed, "error:", failure)
		whole, withLineFeed, failure = 0, 0, nil
	}
	counted := func(texts ...string) string {
		stream := ""
		for _, text := range texts {
			stream += fmt.Sprintf("%d %s", len(header+text), header+text)
		}
		return stream
	}

	octetcounting.NewParser(listener).Parse(strings.NewReader(counted(short, short, short)))
	tell("counted, three short:")
	octetcounting.NewParser(listener, syslog.WithBestEffort()).Parse(strings.NewReader(counted(short, long, short)))
	tell("counted, the second long:")
	octetcounting.NewParser(listener, syslog.WithMaxMessageLength(1<<20)).Parse(strings.NewReader(counted(short, long, short)))
	tell("counted, the second long, limit raised:")
	octetcounting.NewParser(listener).Parse(strings.NewReader(counted(short+"\n", short+"\n")))
	tell("counted with a line feed, two short:")
	nontransparent.NewParser(listener).Parse(strings.NewReader(header + short + "\n" + header + long + "\n" + header + short + "\n"))
	tell("lines, the second long:")
}
GO
go mod init example.org/finding 2>/dev/null
go get github.com/leodido/go-syslog/v4@v4.1.0 github.com/leodido/go-syslog/v4/octetcounting@v4.1.0 \
    github.com/leodido/go-syslog/v4/nontransparent@v4.1.0 2>get.log
timeout 300 go run . | tee seen
cat >stated <<'TEXT'
counted, three short: whole 3 with line feed 0 error: <nil>
counted, the second long: whole 1 with line feed 0 error: message too long to parse. was size 20142, max length 8192
counted, the second long, limit raised: whole 3 with line feed 0 error: <nil>
counted with a line feed, two short: whole 0 with line feed 2 error: <nil>
lines, the second long: whole 3 with line feed 0 error: <nil>
TEXT
if ! diff stated seen; then
    echo "CHANGED: what the library reads is not what this finding states"
    exit 1
fi
echo "as stated: one record above 8,192 bytes ends an octet-counted stream, and only there"
