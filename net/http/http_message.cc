#include "net/http/http_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <initializer_list>

#include "core/base/invariant.h"

namespace straykey {
namespace {

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

// RFC 9110, 5.6.7: always English, whatever the locale.
std::string make_http_date(Seconds now) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = now;
  std::tm utc{};
  gmtime_r(&time, &utc);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(utc.tm_wday)],
                     utc.tm_mday, kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

// Made once a second.
const std::string& http_date(Seconds now) {
  thread_local Seconds second = now;
  thread_local std::string text = make_http_date(now);
  if (second != now) {
    second = now;
    text = make_http_date(now);
  }
  return text;
}

bool one_line(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

// Our own fixed text: only quotes and backslashes can be in it.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

}  // namespace

std::vector<ReplyHeader> refusal_headers(const Refusal& refusal) {
  std::vector<ReplyHeader> headers;
  if (refusal.status == 401) {
    headers.push_back({"WWW-Authenticate", "Bearer realm=\"straykey\""});
    headers.push_back({"WWW-Authenticate", "Basic realm=\"straykey\""});
  }
  if (refusal.retry_after_s > 0) headers.push_back({"Retry-After", std::to_string(refusal.retry_after_s)});
  return headers;
}

HttpReply error_reply(const Refusal& refusal, std::string_view request_id) {
  HttpReply reply;
  reply.status = refusal.status;
  reply.headers = refusal_headers(refusal);
  reply.body = fmt::format("{{\"error\":{{\"code\":{},\"message\":{},\"request_id\":{}}}}}\n", quoted(refusal.code),
                           quoted(refusal.message), quoted(request_id));
  return reply;
}

std::string render_head(const HttpReply& reply, bool keep_alive, Seconds now) {
  std::string out;
  out.reserve(256);
  const auto add = [&out](std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) out += text;
  };
  const fmt::format_int status(reply.status), size(reply.body.size());
  add({"HTTP/1.1 ", {status.data(), status.size()}, " ", reason_of(reply.status), "\r\nDate: ", http_date(now)});
  // RFC 9110, 8.6: a 204 has no length.
  if (reply.status != 204)
    add({"\r\nContent-Type: ", reply.content_type, "\r\nContent-Length: ", {size.data(), size.size()}});
  add({"\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"});
  for (const ReplyHeader& header : reply.headers) {
    INVARIANT(one_line(header.value));
    add({header.name, ": ", header.value, "\r\n"});
  }
  out += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return out;
}

}  // namespace straykey
