#pragma once
// What reading and writing an alert's JSON document needs.
//
// Thread: any (functions of their arguments).
#include <boost/json.hpp>
#include <string_view>

namespace straykey {

// Records may be nested 64 deep, and a document puts more levels around them.
[[nodiscard]] inline boost::json::value parse_document(std::string_view text, boost::json::error_code& error) {
  boost::json::parse_options options;
  options.max_depth = 80;
  return boost::json::parse(text, error, {}, options);
}

template <class Texts>
[[nodiscard]] boost::json::array json_texts(const Texts& list) {
  boost::json::array out;
  for (const auto& text : list) out.emplace_back(std::string_view(text));
  return out;
}

}  // namespace straykey
