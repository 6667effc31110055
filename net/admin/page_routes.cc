#include "net/admin/page_routes.h"

#include <string>
#include <utility>

namespace straykey {
namespace {

std::string_view type_of(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "application/json";
}

std::string path_of(std::string_view name) {
  if (name == "index.html") return "/";
  if (name == "openapi.json") return "/api/v1/openapi.json";
  return "/page/" + std::string(name);
}

}  // namespace

void add_page_routes(HttpRouter& router) {
  for (const PageFile& file : page_files()) {
    Route route;
    route.method = HttpMethod::get;
    route.path = path_of(file.name);
    route.purpose = "GET this address with a browser.";
    route.handle = [file](const HttpRequest&, const ReplyTo& reply) {
      HttpReply answer{200, type_of(file.name), std::string(file.text), {}};
      answer.headers = {{"Content-Security-Policy", std::string(kPagePolicy)},
                        {"Referrer-Policy", "no-referrer"},
                        {"X-Frame-Options", "DENY"},
                        {"Cross-Origin-Opener-Policy", "same-origin"},
                        {"Cross-Origin-Resource-Policy", "same-origin"}};
      reply(std::move(answer));
    };
    router.add(std::move(route));
  }
}

}  // namespace straykey
