#pragma once
// The page for operators: its HTML, CSS and scripts, which are in the program, and the description of the API.
//
// Shape:  GET / and GET /page/NAME, without a token: the files hold nothing but what everybody may know. What the page
//         shows it asks of /api/v1. GET /api/v1/openapi.json describes that.
// Thread: io.
// Source: page_files() is made of net/admin/page/ and net/openapi.json when the program is built (embed.cmake).
#include <span>
#include <string_view>

#include "net/http/http_router.h"

namespace straykey {

struct PageFile {
  std::string_view name;  // "app.js"
  std::string_view text;
};
[[nodiscard]] std::span<const PageFile> page_files() noexcept;

void add_page_routes(HttpRouter& router);

// What a browser may do with the page: load its own files, ask its own server, and nothing else.
inline constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

}  // namespace straykey
