#include "tools/store/store_wait.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <sstream>

#include "tools/store/admin_socket.h"

namespace straykey {
namespace {

constexpr int kPauseMs = 50;

bool is_served(const std::string& path) {
  const auto served = AdminSocket(path).is_served();
  return served.ok() && served.value();
}

}  // namespace

bool is_in_use(const Error& error) {
  return error.message.find(kInUse) != std::string::npos;
}

std::optional<pid_t> lock_holder(const std::string& data_dir) {
  struct stat about {};
  if (::stat((data_dir + "/lock").c_str(), &about) != 0) return std::nullopt;
  const std::string file = fmt::format("{:02x}:{:02x}:{}", major(about.st_dev), minor(about.st_dev), about.st_ino);
  // "1: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF"; one that waits has "->" behind its number.
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, strictness, access, place;
    pid_t holder = 0;
    if (words >> number >> kind >> strictness >> access >> holder >> place && kind == "FLOCK" && place == file &&
        holder > 0)
      return holder;
  }
  return std::nullopt;
}

Result<std::unique_ptr<DataDirectory>> open_when_free(const std::string& path, const OpenStore& open,
                                                      const std::function<bool()>& pause) {
  while (true) {
    auto opened = open();
    if (opened.ok() || !is_in_use(opened.error())) return opened;
    if (!is_served(path) && pause()) continue;
    const auto holder = lock_holder(path);
    return Error{opened.error().message + (holder ? fmt::format(" (process {})", *holder) : std::string())};
  }
}

std::function<bool()> short_pauses() {
  return [left = kCommandPatienceMs / kPauseMs]() mutable {
    if (left-- == 0) return false;
    ::poll(nullptr, 0, kPauseMs);
    return true;
  };
}

}  // namespace straykey
