#include "tools/config/secret_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/descriptor.h"

namespace straykey {
namespace {

// Symbolic links are followed, because tools that renew secrets keep the current one behind a link. Opening a pipe does
// not block.
Descriptor open_file(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Status check_open_file(const std::string& named, const Descriptor& file, bool secret) {
  if (!file.is_open()) {
    return Error{named +
                 (errno == ENOENT ? " does not exist" : std::string(" cannot be opened: ") + std::strerror(errno))};
  }
  struct stat status {};
  if (fstat(file.number(), &status) != 0) return Error{named + " cannot be examined"};
  if (!S_ISREG(status.st_mode)) return Error{named + " is not a regular file"};
  if (secret && (status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return Error{named + " can be read or written by everyone on this machine: chmod 600 it"};
  }
  return {};
}

Result<std::string> read_file(const std::string& named, const std::string& path) {
  const Descriptor file = open_file(path);
  if (const Status status = check_open_file(named, file, true); !status) return status.error();
  std::string text(kSecretBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{named + " cannot be read: " + std::strerror(errno)};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

Result<std::string> read_text(const SecretSource& source, std::string& named) {
  if (source.kind == SecretSource::Kind::file) {
    named = "the secret file that is named here";
    return read_file(named, source.name);
  }
  if (source.kind == SecretSource::Kind::environment) {
    named = "the environment variable that is named here";
    if (!is_environment_name(source.name)) return Error{"an environment variable's name is letters, digits and _"};
    const char* value = std::getenv(source.name.c_str());
    if (value == nullptr) return Error{named + " is not set"};
    return std::string(value);
  }
  named = "the credential that is named here";
  if (!is_credential_name(source.name)) return Error{"a credential's name is letters, digits and . _ -"};
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr)
    return Error{named + " cannot be found: CREDENTIALS_DIRECTORY is not set (systemd sets it)"};
  return read_file(named, std::string(directory) + "/" + source.name);
}

}  // namespace

bool is_environment_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 128 && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

bool is_credential_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 128 && name[0] != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
  });
}

Result<std::string> read_secret(const SecretSource& source) {
  INVARIANT(source.given());
  std::string named;
  auto text = read_text(source, named);
  if (!text) return text;
  std::string& secret = text.value();
  if (secret.size() > kSecretBytesMax) return Error{named + " holds more than 4,096 bytes"};
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = secret.find_first_not_of(kBlank);
  if (first == std::string::npos) return Error{named + " is empty"};
  secret = secret.substr(first, secret.find_last_not_of(kBlank) - first + 1);
  if (!std::all_of(secret.begin(), secret.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return Error{named + " holds more than one word, or something that is not visible ASCII"};
  }
  return text;
}

Status check_file(std::string_view what, const std::string& path, bool secret) {
  return check_open_file(std::string(what) + " " + path, open_file(path), secret);
}

}  // namespace straykey
