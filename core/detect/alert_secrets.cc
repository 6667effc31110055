#include "core/detect/alert_secrets.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "core/detect/json_document.h"

namespace straykey {
namespace {

namespace json = boost::json;

// How names of secrets end, in small letters and digits only. AWS takes most of their values out itself.
constexpr std::array<std::string_view, 17> kSecretEnds{
    "token",           "secret",        "password",     "passwd",       "passphrase",      "secretkey",
    "secretaccesskey", "privatekey",    "apikey",       "signature",    "keymaterial",     "samlassertion",
    "tokencode",       "authorization", "secretstring", "secretbinary", "connectionstring"};

// What says where a list goes on, or that a call is the same as before, opens nothing.
constexpr std::array<std::string_view, 12> kHarmlessTokens{
    "nexttoken",         "clienttoken",  "clientrequesttoken", "continuationtoken", "nextcontinuationtoken",
    "nextpagetoken",     "pagetoken",    "paginationtoken",    "idempotencytoken",  "clientidempotencytoken",
    "nextsequencetoken", "sequencetoken"};

constexpr std::array<std::string_view, 4> kPairNames{"name", "key", "parametername", "parameterkey"};
constexpr std::array<std::string_view, 3> kPairValues{"value", "values", "parametervalue"};

// JSON in a string of JSON, and so on. What lies deeper is taken out whole.
constexpr int kNestedTextsMax = 4;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string plain(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (is_letter_or_digit(small)) out += small;
  }
  return out;
}

bool is_secret(std::string_view name) {
  const std::string word = plain(name);
  if (std::ranges::find(kHarmlessTokens, word) != kHarmlessTokens.end()) return false;
  return std::ranges::any_of(kSecretEnds, [&word](std::string_view end) { return word.ends_with(end); });
}

bool is_name_byte(char c) {
  return is_letter_or_digit(c) || (c >= 'A' && c <= 'Z') || std::string_view("-_.%").find(c) != std::string_view::npos;
}

// A text in which values of secrets stand behind their names, as in the query of a URL. nullopt: there are none.
std::optional<std::string> without_secret_pairs(std::string_view text) {
  std::string out;
  std::size_t name_at = 0, kept_to = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_name_byte(text[at])) continue;
    const std::string_view name = text.substr(name_at, at - name_at);
    name_at = at + 1;
    if (text[at] != '=' || !is_secret(name)) continue;
    const std::size_t end = std::min(text.find_first_of("&;#,\"' \t\r\n", at), text.size());
    out.append(text.substr(kept_to, at + 1 - kept_to)).append(kSecretTakenOut);
    kept_to = name_at = end;
    at = end - 1;
  }
  if (kept_to == 0) return std::nullopt;
  return out.append(text.substr(kept_to));
}

// True: something was taken out.
bool take_out(json::value& value, int texts);

bool take_out_of_text(json::string& text, int texts) {
  const std::string_view all(text);
  const std::size_t begin = all.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && (all[begin] == '{' || all[begin] == '[')) {
    json::error_code error;
    json::value inner = parse_document(all, error);
    if (!error && texts >= kNestedTextsMax) {
      text = kSecretTakenOut;
      return true;
    }
    if (!error) {
      const bool any = take_out(inner, texts + 1);
      if (any) text = json::serialize(inner);
      return any;
    }
  }
  auto cleared = without_secret_pairs(all);
  if (cleared) text = *cleared;
  return cleared.has_value();
}

// {"name": "X-Amz-Security-Token", "value": "..."}.
bool is_pair_of_secret(const json::object& fields) {
  return std::ranges::any_of(fields, [](const json::key_value_pair& field) {
    return field.value().is_string() && std::ranges::find(kPairNames, plain(field.key())) != kPairNames.end() &&
           is_secret(field.value().get_string());
  });
}

bool take_out_of_fields(json::object& fields, int texts) {
  bool any = false;
  const bool is_pair = is_pair_of_secret(fields);
  for (json::key_value_pair& field : fields) {
    const bool is_value = is_pair && std::ranges::find(kPairValues, plain(field.key())) != kPairValues.end();
    // Neither of `manageMasterUserPassword: true` nor of nothing is anything to be taken out.
    const bool holds_any = !field.value().is_null() && !field.value().is_bool();
    if (holds_any && (is_value || is_secret(field.key()))) {
      field.value() = kSecretTakenOut;
      any = true;
    } else {
      any = take_out(field.value(), texts) || any;
    }
  }
  return any;
}

bool take_out(json::value& value, int texts) {
  if (json::string* text = value.if_string()) return take_out_of_text(*text, texts);
  if (json::object* fields = value.if_object()) return take_out_of_fields(*fields, texts);
  bool any = false;
  if (json::array* list = value.if_array())
    for (json::value& item : *list) any = take_out(item, texts) || any;
  return any;
}

}  // namespace

void take_out_secrets(json::value& record) {
  (void)take_out(record, 0);
}

}  // namespace straykey
