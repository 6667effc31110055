#pragma once
// Installation: a directory with a configuration that has no errors, to which a test adds one.
#include <doctest/doctest.h>

#include <ctime>
#include <string>
#include <string_view>

#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"
#include "tools/config/check_config.h"

namespace straykey {

inline constexpr const char* kCanary = "CANARY-token-0123456789abcdef";
inline constexpr const char* kWebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class Installation {
 public:
  Installation() {
    const Seconds now = std::time(nullptr);
    const SelfSigned pair = make_self_signed(now - 3'600, now + 3'600);
    file("cert.pem", pair.certificate_pem, 0644);
    file("key.pem", pair.key_pem, 0600);
    file("token", std::string(kCanary) + "\n", 0600);
    file("hook", kWebhookSecret, 0600);
  }
  void file(const std::string& name, const std::string& text, unsigned mode = 0600) const {
    write_file(directory_.path() + "/" + name, text, mode);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  [[nodiscard]] static std::string top() { return "data_dir = \"data\"\n"; }
  [[nodiscard]] static std::string ingest() { return "[ingest]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n"; }
  [[nodiscard]] static std::string token() { return "[[token]]\nname = \"a\"\nfile = \"token\"\n"; }
  [[nodiscard]] static std::string webhook() {
    return "[[webhook]]\nname = \"soc\"\nurl = \"https://soc.example.com/CANARY-url\"\nsecret = { file = \"hook\" }\n";
  }
  [[nodiscard]] static std::string good() { return top() + ingest() + token() + webhook(); }

  // `line:column: message` of each error.
  [[nodiscard]] std::string errors(const std::string& text) const {
    file("c.toml", text);
    std::string all;
    for (const ConfigError& error : read_and_validate(path("c.toml"), std::time(nullptr)).errors) {
      all += std::to_string(error.place.line) + ":" + std::to_string(error.place.column) + ": " + error.message + "\n";
    }
    return all;
  }
  [[nodiscard]] Config config(const std::string& text) const {
    file("c.toml", text);
    return read_config(path("c.toml")).config;
  }

 private:
  TemporaryDirectory directory_;
};

inline bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

#define CHECK_HOLDS(text, part)        \
  do {                                 \
    const std::string whole = (text);  \
    const std::string wanted = (part); \
    CAPTURE(whole);                    \
    CAPTURE(wanted);                   \
    CHECK(holds(whole, wanted));       \
  } while (false)

}  // namespace straykey
