#include "net/ingest/body_form.h"

#include <cstddef>

namespace straykey {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBeginningBytes = 512;

struct Form {
  std::string_view beginning;
  std::string_view sentence;
};

constexpr std::string_view kUtf16 = "The body is UTF-16: send UTF-8 (PowerShell: -Encoding utf8, .NET: Encoding.UTF8).";

constexpr Form kForms[] = {
    {"\xfd"
     "7zXZ\0"sv,
     "The body is compressed by xz: send it plain or gzip."},
    {"BZh"sv, "The body is compressed by bzip2: send it plain or gzip."},
    {"PK\x03\x04"sv, "The body is a zip archive: send the files in it, plain or gzip."},
    {"\x04\x22\x4d\x18"sv, "The body is compressed by lz4: send it plain or gzip."},
    {"PAR1"sv, "The body is a Parquet file: send the records as JSON."},
    {"ORC"sv, "The body is an ORC file: send the records as JSON."},
    {"Obj\x01"sv, "The body is an Avro file: send the records as JSON."},
    {"\xff\xfe"sv, kUtf16},
    {"\xfe\xff"sv, kUtf16},
    {"{\0"sv, kUtf16},
    {"[\0"sv, kUtf16},
    {"\0{"sv, kUtf16},
    {"\0["sv, kUtf16},
};

// `name={...}`, or the same in percent signs.
bool is_form(std::string_view text) noexcept {
  constexpr std::string_view kNameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.%";
  const std::size_t name = text.find_first_not_of(kNameBytes);
  return name != std::string_view::npos && name > 0 && text[name] == '=';
}

// `<134>1 2026-...` or `<13>Nov 30 ...`, with the count of octets before it or without.
bool is_syslog(std::string_view text) noexcept {
  constexpr std::string_view kDigits = "0123456789";
  if (!text.starts_with('<')) {
    const std::size_t blank = text.find_first_not_of(kDigits);
    if (blank == std::string_view::npos || blank == 0 || text[blank] != ' ') return false;
    text.remove_prefix(blank + 1);
    if (!text.starts_with('<')) return false;
  }
  const std::size_t end = text.find_first_not_of(kDigits, 1);
  return end != std::string_view::npos && end > 1 && end <= 4 && text[end] == '>';
}

}  // namespace

std::string_view form_of_body(std::string_view body) noexcept {
  const std::string_view beginning = body.substr(0, kBeginningBytes);
  for (const Form& form : kForms)
    if (beginning.starts_with(form.beginning)) return form.sentence;
  if (beginning.starts_with("--") && beginning.find("\r\n") != std::string_view::npos &&
      beginning.find("ontent-") != std::string_view::npos) {
    return "The body is a multipart form: send the file itself as the body (curl: --data-binary @FILE instead of -F).";
  }
  if (beginning.starts_with("%7B") || beginning.starts_with("%5B") || is_form(beginning))
    return "The body is an encoded form: send the JSON itself as the body (curl: --data-binary).";
  if (is_syslog(beginning))
    return "The body is syslog messages: send them to a port of [syslog], or post the records in them as JSON.";
  if (beginning.starts_with('<')) return "The body is XML or HTML: send CloudTrail records as JSON.";
  return {};
}

}  // namespace straykey
