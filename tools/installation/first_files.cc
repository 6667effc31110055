#include "tools/installation/first_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "core/base/descriptor.h"
#include "core/base/hex.h"
#include "core/base/terminal_text.h"
#include "core/detect/respond.h"
#include "net/io/self_signed_certificate.h"
#include "tools/config/config_text.h"

namespace straykey {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTokenBytes = 32;
constexpr const char* kCertificate = "tls/certificate.pem";
constexpr const char* kKey = "tls/key.pem";

struct NewFile {
  std::string name, text;
  unsigned mode = 0600;
};

Result<std::string> new_token() {
  std::array<char, kTokenBytes> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return Error{std::string("the system gives no random bytes: ") + std::strerror(errno)};
  return encode_hex({bytes.data(), bytes.size()}) + "\n";
}

std::string config_text(const InstallationOrder& order) {
  return fmt::format(
      R"(# Written by `straykey init`. `straykey config example` explains every setting, and `straykey check-config`
# tells what is wrong. Relative paths count from this directory. Files in conf.d/*.toml beside this one are read
# after it.

data_dir = {}

[ingest]
https = {}
certificate = "tls/certificate.pem"
key = "tls/key.pem"

# The page, its API and /metrics: log in with tokens/operator.
[admin]
listen = {}

# Who may send.
[[token]]
name = "forwarder"
file = "tokens/forwarder"

[[token]]
name = "operator"
file = "tokens/operator"
scope = "admin"

# Where alerts go. Until there is one, they are stored only: `straykey alerts tail` shows them.
# [[webhook]]
# name = "soc"
# url = "https://soc.example.com/hooks/straykey"
# secret = {{ file = "webhooks/soc" }}
)",
      toml_string(order.data_dir), toml_string(order.https), toml_string(order.admin));
}

Result<std::vector<NewFile>> files_of(const InstallationOrder& order) {
  const Seconds until = order.now + static_cast<Seconds>(order.days) * kSecondsPerDay;
  // Clocks of senders may be late.
  auto made = make_certificate({order.names, order.now - kSecondsPerDay, until});
  if (!made) return made.error();
  auto forwarder = new_token(), operator_token = new_token();
  for (const auto* token : {&forwarder, &operator_token})
    if (!*token) return token->error();
  return std::vector<NewFile>{{kCertificate, made.value().certificate, 0644},
                              {kKey, made.value().key},
                              {"tokens/forwarder", forwarder.value()},
                              {"tokens/operator", operator_token.value()},
                              {"straykey.toml", config_text(order), 0640}};
}

// Who besides the owner may read; nullopt: nobody.
using Group = std::optional<gid_t>;

Result<Group> group_named(const std::string& name) {
  if (name.empty()) return Group();
  const group* const found = ::getgrnam(name.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
  if (found == nullptr)
    return Error{"there is no group " + name +
                 ": it comes with the Debian package. Name a directory with --dir instead"};
  return Group(found->gr_gid);
}

Status give_to(const std::string& path, Group group, unsigned mode) {
  if (!group || (::chown(path.c_str(), static_cast<uid_t>(-1), *group) == 0 && ::chmod(path.c_str(), mode) == 0))
    return {};
  return Error{path + ": " + std::strerror(errno)};
}

Status write_new(const std::string& path, const NewFile& file) {
  const Descriptor out(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, file.mode));
  if (!out.is_open()) return Error{path + ": " + std::strerror(errno)};
  ::fchmod(out.number(), file.mode);  // whatever the umask is
  for (std::size_t written = 0; written < file.text.size();) {
    const auto size = ::write(out.number(), file.text.data() + written, file.text.size() - written);
    if (size <= 0) return Error{path + ": " + std::strerror(errno)};
    written += static_cast<std::size_t>(size);
  }
  return ::fsync(out.number()) == 0 ? Status() : Status(Error{path + ": " + std::strerror(errno)});
}

std::vector<std::string> existing(const fs::path& directory, const std::vector<NewFile>& files) {
  std::vector<std::string> names;
  std::error_code error;
  for (const NewFile& file : files)
    if (fs::exists(fs::symlink_status(directory / file.name, error))) names.push_back(file.name);
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Why a folder that is there already cannot take secrets; empty: it can, or there is none. Whoever may write into it,
// or made a link of it, decides where they go. In a sticky one, such as /tmp, nobody removes another's files.
std::string objection_to_folder(const fs::path& folder, bool may_be_link) {
  std::error_code error;
  const auto own = fs::symlink_status(folder, error);
  if (!fs::exists(own)) return {};
  if (!may_be_link && fs::is_symlink(own)) return "is a link";
  const auto status = fs::status(folder, error);
  if (!fs::is_directory(status)) return "is no folder";
  const auto mode = status.permissions();
  const bool open_to_all = (mode & fs::perms::others_write) != fs::perms::none;
  return open_to_all && (mode & fs::perms::sticky_bit) == fs::perms::none ? "may be written by everybody" : "";
}

// "https://localhost:8443/v1/events": what listens everywhere is also here.
std::string url_of(const std::string& listen, const char* scheme, const char* path) {
  const auto address = parse_listen_address(listen);
  if (!address || !address->on()) return {};
  const bool everywhere = address->address == "0.0.0.0" || address->address == "::";
  const bool v6 = address->address.find(':') != std::string::npos;
  const std::string host = everywhere || address->loopback() ? "localhost"
                           : v6                              ? "[" + address->address + "]"
                                                             : address->address;
  return fmt::format("{}://{}:{}{}", scheme, host, address->port, path);
}

}  // namespace

namespace {

// What forbids to write; empty: nothing.
std::string objection(const fs::path& directory, const std::vector<std::string>& there, bool keep) {
  constexpr const char* kElsewhere = ": nothing was written. Name another directory with --dir";
  if (!there.empty() && !keep) return directory.string() + " holds " + joined(there) + " already" + kElsewhere;
  for (const std::string below : {"", "tls", "tokens"}) {
    const fs::path folder = below.empty() ? directory : directory / below;
    if (const std::string why = objection_to_folder(folder, below.empty()); !why.empty())
      return folder.string() + " " + why + kElsewhere;
  }
  if (contains(there, kCertificate) != contains(there, kKey))
    return directory.string() + " holds only one of " + kCertificate + " and " + kKey + ": nothing was written";
  return {};
}

Status make_folders(const fs::path& directory, Group group) {
  std::error_code error;
  for (const char* below : {"", "tls", "tokens", "conf.d"}) {
    const fs::path made = directory / below;
    if (fs::exists(made, error)) continue;
    if (!fs::create_directories(made, error)) return Error{made.string() + ": " + error.message()};
    fs::permissions(made, fs::perms::owner_all, error);
    if (Status given = give_to(made.string(), group, 0750); !given.ok()) return given;
  }
  return {};
}

// Either all or none.
Status write_all(const fs::path& directory, const std::vector<NewFile>& files, Group group) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = (directory / files[i].name).string();
    Status written = write_new(path, files[i]);
    if (written.ok()) written = give_to(path, group, files[i].mode | 0040);
    if (written.ok()) continue;
    std::error_code error;
    for (std::size_t j = 0; j <= i; ++j) fs::remove(directory / files[j].name, error);
    return written;
  }
  return {};
}

}  // namespace

Result<FirstFiles> write_first_files(const InstallationOrder& order) {
  std::error_code error;
  // With a name at its end, also where it was given as "." or with a slash.
  const fs::path directory = (fs::absolute(order.directory, error) / "").lexically_normal().parent_path();
  const auto group = group_named(order.group);
  if (!group) return group.error();
  auto files = files_of(order);
  if (!files) return files.error();
  const std::vector<std::string> there = existing(directory, files.value());
  if (const std::string why = objection(directory, there, order.keep); !why.empty()) return Error{why};
  std::erase_if(files.value(), [&there](const NewFile& file) { return contains(there, file.name); });
  if (const Status made = make_folders(directory, group.value()); !made.ok()) return made.error();
  if (const Status written = write_all(directory, files.value(), group.value()); !written.ok()) return written.error();
  FirstFiles out;
  out.kept = there;
  out.directory = directory.string();
  out.config = (directory / "straykey.toml").string();
  out.certificate = (directory / "tls/certificate.pem").string();
  out.forwarder_token = (directory / "tokens/forwarder").string();
  out.operator_token = (directory / "tokens/operator").string();
  out.url = url_of(order.https, "https", "/v1/events");
  out.page = url_of(order.admin, "http", "/");
  out.until = day_of(order.now) + static_cast<Day>(order.days);
  return out;
}

std::string next_steps(const FirstFiles& files, const InstallationOrder& order) {
  const std::string names = joined(order.names);
  const std::string config = shell_word(files.config);
  const auto in = [&files](const char* name) { return shell_word(files.directory + "/" + name); };
  const std::string start = order.start.empty() ? "straykey serve --config " + config : order.start;
  // A system's configuration is no place for a sample.
  const auto sample = [&](const std::string& below) {
    const std::string path = "sample" + below;
    return order.start.empty() ? in(path.c_str()) : path;
  };
  const std::string kept = files.kept.empty() ? "" : "There before, and kept: " + joined(files.kept) + "\n";
  return fmt::format(
      R"(Written to {}: straykey.toml, tokens/forwarder and tokens/operator (secret),
tls/key.pem (secret) and tls/certificate.pem, good until {} for {}
{}
Start the server:
  {}

Send it CloudTrail records from a second shell:
  TOKEN=$(cat {})
  EVENTS=events.json    # yours, gzip too
  curl --fail-with-body --cacert {} -H "Authorization: Bearer $TOKEN" --data-binary @"$EVENTS" {}

Or, without any, let a made-up organisation raise alerts; the server must know its networks:
  straykey simulate --out {}
  cp {} {}
  {}    # again, if it ran
  straykey replay --url {} --ca-file {} --token-file {} {}

See how it does, and what it found:
  straykey status --config {}
  straykey alerts tail --config {}
{})",
      terminal_text(files.directory), format_day(files.until), terminal_text(names), kept, start,
      shell_word(files.forwarder_token), shell_word(files.certificate), files.url, sample(""), sample("/networks.toml"),
      in("conf.d/"), start, files.url.substr(0, files.url.rfind("/v1/")), shell_word(files.certificate),
      shell_word(files.forwarder_token), sample("/trail"), config, config,
      files.page.empty()
          ? std::string()
          : fmt::format("  {}    the page; log in with what is in {}\n", files.page, shell_word(files.operator_token)));
}

}  // namespace straykey
