#pragma once
// The first files of an installation: a configuration, tokens and a certificate, as `straykey init` writes them.
//
// Shape:  all of them below one directory, which the configuration's relative paths count from. Secrets are readable by
//         nobody else, or by the group of a service.
// Thread: one.
// Errors: if one of the files exists, or cannot be written, nothing is left of the others. With `keep` what exists
//         stays, and only one of certificate and key is an error.
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace straykey {

struct InstallationOrder {
  std::string directory;  // made if it is missing
  std::string data_dir = "store";
  std::string https = "0.0.0.0:8443", admin = "127.0.0.1:9443";
  std::vector<std::string> names;  // of the certificate: host names and addresses
  Seconds now = 0;
  int days = 825;     // that the certificate is good for
  bool keep = false;  // files that are there already stay as they are
  std::string group;  // may read what is written; empty: the owner alone
  std::string start;  // the command that starts the server; empty: `straykey serve`
};
struct FirstFiles {
  std::vector<std::string> kept;                                                // names of those that were there
  std::string directory, config, certificate, forwarder_token, operator_token;  // absolute paths
  std::string url;                                                              // where events are sent from this host
  std::string page;
  Day until = 0;  // the certificate's last day
};
[[nodiscard]] Result<FirstFiles> write_first_files(const InstallationOrder& order);

// What to do next: how to start, the first sender's three lines, and where to look.
[[nodiscard]] std::string next_steps(const FirstFiles& files, const InstallationOrder& order);

}  // namespace straykey
