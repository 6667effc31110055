#include "net/http/http_router.h"

#include <algorithm>
#include <numeric>

#include "core/base/invariant.h"
#include "net/http/request_target.h"

namespace straykey {
namespace {

constexpr Refusal kUnknownPath{404, "unknown_path", "There is nothing at this address."};

bool matches(std::string_view pattern, std::string_view path) {
  if (pattern.find("{}") == std::string_view::npos) return pattern == path;
  if (std::count(pattern.begin(), pattern.end(), '/') != std::count(path.begin(), path.end(), '/')) return false;
  while (!pattern.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view segment = next_segment(path);
    if (wanted == "{}" ? segment.empty() : wanted != segment) return false;
  }
  return path.empty();
}

bool is_open(std::string_view pattern) {
  if (pattern == "/") return false;
  pattern.remove_prefix(1);
  while (!pattern.empty())
    if (next_segment(pattern) != "{}") return false;
  return true;
}

std::string_view name_of(HttpMethod method) {
  switch (method) {
    case HttpMethod::get:
      return "GET";
    case HttpMethod::head:
      return "HEAD";
    case HttpMethod::post:
      return "POST";
    case HttpMethod::put:
      return "PUT";
    case HttpMethod::options:
    case HttpMethod::other:
      break;
  }
  return "";
}

// How many bytes have to be changed, put in or left out (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (equal_ignoring_case(a.substr(i, 1), b.substr(j, 1)) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// The last word is the same: a prefix was forgotten, or is too much.
bool ends_alike(std::string_view a, std::string_view b) {
  const auto last_word = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };
  return !last_word(a).empty() && equal_ignoring_case(last_word(a), last_word(b));
}

// The path is where several addresses lie: "/api/v1/alerts" of "/api/v1/alerts/list". A single part, as "/v1", says
// nothing.
bool begins(std::string_view path, std::string_view route) {
  return path.find('/', 1) != std::string_view::npos && route.size() > path.size() && route[path.size()] == '/' &&
         equal_ignoring_case(route.substr(0, path.size()), path);
}

}  // namespace

void HttpRouter::add(Route route) {
  INVARIANT(route.path.starts_with('/') && route.handle);
  INVARIANT(route.method != HttpMethod::other && route.method != HttpMethod::head &&
            route.method != HttpMethod::options);
  route.near_message = "There is nothing at this address; " + route.path + " is near it.";
  route.too_large_message = "The body is larger than the " + std::to_string(route.body_bytes_max) +
                            " bytes that this address accepts: send less at once, or raise " + route.too_large_setting +
                            ".";
  if (route.too_large_setting.empty()) {
    route.too_large_message.resize(route.too_large_message.find(", or raise"));
    route.too_large_message += '.';
  }
  const bool exact = route.path.find("{}") == std::string::npos;
  const auto first_pattern = std::find_if(routes_.begin(), routes_.end(),
                                          [](const Route& one) { return one.path.find("{}") != std::string::npos; });
  routes_.insert(exact ? first_pattern : routes_.end(), std::move(route));
}

HttpRouter::Match HttpRouter::find(HttpMethod method, std::string_view path) const {
  Match match;
  for (const Route& route : routes_) {
    if (!is_at(route, path) || (is_open(route.path) && route.method != method)) continue;
    const bool read_by_head = method == HttpMethod::head && route.method == HttpMethod::get;
    if (route.method == method || read_by_head) return {&route, false, std::nullopt, ""};
    if (match.route == nullptr) match.route = &route;
    if (match.allow.find(name_of(route.method)) == std::string::npos) {
      match.allow.append(match.allow.empty() ? "" : ", ").append(name_of(route.method));
    }
  }
  if (match.route == nullptr) {
    match.refusal = unknown(path);
  } else if (method == HttpMethod::head) {
    match.probe = true;
  } else {
    match.allow += ", HEAD";
    match.refusal = Refusal{405, "method_not_allowed", match.route->purpose};
  }
  return match;
}

bool HttpRouter::is_at(const Route& route, std::string_view path) const {
  if (!matches(route.path, path)) return false;
  if (!is_open(route.path)) return true;
  if (path.find("/_") != std::string_view::npos) return false;
  const std::string_view first = path.substr(0, path.find('/', 1));
  return std::none_of(routes_.begin(), routes_.end(), [first](const Route& other) {
    const std::string_view pattern = other.path;
    return pattern.substr(0, pattern.find('/', 1)) == first;
  });
}

Refusal HttpRouter::unknown(std::string_view path) const {
  constexpr std::size_t kPathBytesMax = 64;  // of what is compared
  constexpr std::size_t kDistanceMax = 3;
  Refusal refusal = kUnknownPath;
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (path.size() > kPathBytesMax) return refusal;
  std::size_t nearest = kDistanceMax + 1;
  for (const Route& route : routes_) {
    if (route.path.find("{}") != std::string::npos) continue;
    const bool likely = ends_alike(path, route.path) || begins(path, route.path);
    const std::size_t apart = std::min(distance(path, route.path), likely ? kDistanceMax : nearest);
    // A short path is near everything.
    if (apart >= nearest || 2 * apart >= route.path.size()) continue;
    nearest = apart;
    refusal.message = route.near_message;
  }
  return refusal;
}

std::string HttpRouter::allowed(std::string_view path) const {
  const auto at_path = [this, path](const Route& route) { return is_at(route, path); };
  const bool known = std::any_of(routes_.begin(), routes_.end(), at_path);
  std::string allow;
  for (const Route& route : routes_) {
    const bool counts = !known || at_path(route);
    if (!counts || allow.find(name_of(route.method)) != std::string::npos) continue;
    allow.append(name_of(route.method)).append(", ");
  }
  return allow + "HEAD, OPTIONS";
}

}  // namespace straykey
