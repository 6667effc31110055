#include "core/detect/alert_secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace straykey {
namespace {

namespace json = boost::json;

// In small letters, without hyphens and underscores. AWS takes most of them out itself.
constexpr std::array<std::string_view, 9> kSecretNames{"accesstoken",   "idtoken",         "password",
                                                       "refreshtoken",  "secretaccesskey", "signintoken",
                                                       "samlassertion", "sessiontoken",    "xamzsecuritytoken"};

bool is_secret(std::string_view name) {
  constexpr std::size_t kLongest = 20;
  if (name.size() > kLongest) return false;
  std::string plain;
  for (const char c : name)
    if (c != '-' && c != '_') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::find(kSecretNames, plain) != kSecretNames.end();
}

}  // namespace

void take_out_secrets(json::value& record) {
  if (json::array* list = record.if_array()) {
    for (json::value& item : *list) take_out_secrets(item);
  }
  json::object* fields = record.if_object();
  if (fields == nullptr) return;
  for (json::key_value_pair& field : *fields) {
    if (is_secret(field.key()) && !field.value().is_null()) {
      field.value() = kSecretTakenOut;
    } else {
      take_out_secrets(field.value());
    }
  }
}

}  // namespace straykey
