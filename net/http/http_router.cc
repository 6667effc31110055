#include "net/http/http_router.h"

#include <algorithm>

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
    case HttpMethod::other:
      break;
  }
  return "";
}

}  // namespace

void HttpRouter::add(Route route) {
  INVARIANT(route.path.starts_with('/') && route.handle);
  INVARIANT(route.method != HttpMethod::other && route.method != HttpMethod::head);
  const bool exact = route.path.find("{}") == std::string::npos;
  const auto first_pattern = std::find_if(routes_.begin(), routes_.end(),
                                          [](const Route& one) { return one.path.find("{}") != std::string::npos; });
  routes_.insert(exact ? first_pattern : routes_.end(), std::move(route));
}

HttpRouter::Match HttpRouter::find(HttpMethod method, std::string_view path) const {
  Match match;
  for (const Route& route : routes_) {
    if (!matches(route.path, path)) continue;
    const bool read_by_head = method == HttpMethod::head && route.method == HttpMethod::get;
    if (route.method == method || read_by_head) return {&route, false, std::nullopt, ""};
    if (match.route == nullptr) match.route = &route;
    if (match.allow.find(name_of(route.method)) == std::string::npos) {
      match.allow.append(match.allow.empty() ? "" : ", ").append(name_of(route.method));
    }
  }
  if (match.route == nullptr) {
    match.refusal = kUnknownPath;
  } else if (method == HttpMethod::head) {
    match.probe = true;
  } else {
    match.allow += ", HEAD";
    match.refusal = Refusal{405, "method_not_allowed", match.route->purpose};
  }
  return match;
}

}  // namespace straykey
