#include "core/event/other_protocol.h"

#include <algorithm>

namespace straykey {
namespace {

using namespace std::string_view_literals;

constexpr OtherProtocol kTls{"TLS",
                             "this port takes plain syslog: send to the port of [syslog] tls, or turn TLS off at the "
                             "sender"};
constexpr OtherProtocol kHttp{"HTTP", "send HTTP to the ingest port: POST /v1/events"};
constexpr OtherProtocol kProxy1{"PROXY protocol, version 1",
                                "turn it off for this backend (HAProxy: send-proxy), or name this listener in "
                                "syslog.proxy_protocol and the proxy in ingest.trusted_proxies; its line is skipped",
                                true};
constexpr OtherProtocol kProxy2{"PROXY protocol, version 2",
                                "turn it off for this backend (HAProxy: send-proxy-v2; AWS: proxy_protocol_v2), or "
                                "name this listener in syslog.proxy_protocol and the proxy in ingest.trusted_proxies"};
constexpr OtherProtocol kGzip{"gzip", "send syslog without compression, or a gzip body by HTTPS"};
constexpr OtherProtocol kZlib{"zlib", "turn compression off at the sender (rsyslog: compression.mode=\"none\")"};
constexpr OtherProtocol kZstd{"zstd", "send syslog without compression, or a zstd body by HTTPS"};
constexpr OtherProtocol kZipped{"rsyslog's compressed messages", "remove ZipLevel from the sender's action"};
constexpr OtherProtocol kGelf{"GELF in chunks", "let the sender write JSON over TCP or HTTPS instead of GELF"};

struct Beginning {
  std::string_view bytes;
  const OtherProtocol* protocol;
};

constexpr Beginning kBeginnings[] = {
    {"\x16\x03\x00"sv, &kTls},  {"\x16\x03\x01"sv, &kTls},
    {"\x16\x03\x02"sv, &kTls},  {"\x16\x03\x03"sv, &kTls},
    {"GET /"sv, &kHttp},        {"POST /"sv, &kHttp},
    {"PUT /"sv, &kHttp},        {"HEAD /"sv, &kHttp},
    {"OPTIONS "sv, &kHttp},     {"CONNECT "sv, &kHttp},
    {"PRI * HTTP/2"sv, &kHttp}, {"PROXY TCP"sv, &kProxy1},
    {"PROXY UNK"sv, &kProxy1},  {"\r\n\r\n\0\r\nQUIT\n"sv, &kProxy2},
    {"\x1f\x8b\x08"sv, &kGzip}, {"\x78\x01"sv, &kZlib},
    {"\x78\x5e"sv, &kZlib},     {"\x78\x9c"sv, &kZlib},
    {"\x78\xda"sv, &kZlib},     {"\x28\xb5\x2f\xfd"sv, &kZstd},
    {"z\x78"sv, &kZipped},      {"\x1e\x0f"sv, &kGelf},
};

// The count before a message.
std::string_view behind_count(std::string_view text) noexcept {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const bool counted = digits > 0 && digits < text.size() && text[digits] == ' ';
  return counted ? text.substr(digits + 1) : text;
}

}  // namespace

const OtherProtocol* other_protocol(std::string_view beginning) noexcept {
  if (behind_count(beginning).starts_with("z\x78")) return &kZipped;
  for (const Beginning& one : kBeginnings)
    if (beginning.starts_with(one.bytes)) return one.protocol;
  return nullptr;
}

bool may_become_other_protocol(std::string_view beginning) noexcept {
  return std::any_of(std::begin(kBeginnings), std::end(kBeginnings), [beginning](const Beginning& one) {
    return beginning.size() < one.bytes.size() && one.bytes.starts_with(beginning);
  });
}

}  // namespace straykey
