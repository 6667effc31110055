// Logs each line of standard input: log LIBRARY NETWORK ADDRESS CA.
package main

import (
	"bufio"
	"fmt"
	"log/syslog"
	"os"

	"github.com/RackSec/srslog"
)

type writer interface{ Info(message string) error }

func dial(library, network, address, authority string) (writer, error) {
	if library == "srslog" {
		if network == "tcp+tls" {
			return srslog.DialWithTLSCertPath(network, address, srslog.LOG_INFO, "cloudtrail", authority)
		}
		written, err := srslog.Dial(network, address, srslog.LOG_INFO, "cloudtrail")
		if err == nil {
			written.SetFormatter(srslog.RFC5424Formatter)
			written.SetFramer(srslog.RFC5425MessageLengthFramer)
		}
		return written, err
	}
	return syslog.Dial(network, address, syslog.LOG_INFO, "cloudtrail")
}

func main() {
	out, err := dial(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := out.Info(lines.Text()); err != nil {
			fmt.Println(err)
		}
	}
}
