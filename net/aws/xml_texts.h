#pragma once
// The texts of an XML document: what AWS's older services answer with.
//
// Shape:  each element that holds text, with the names of those around it: "Error/Code" and "AccessDenied". Prefixes of
//         namespaces are not looked at.
// Thread: any (a function of its argument).
// Bounds: kXmlDepthMax elements deep, kXmlTextsMax texts; a document with a DTD is refused, as AWS sends none.
// Errors: nullopt: it is no XML, or beyond a bound.
// Source: expat, which recurses at nothing that a document says.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

inline constexpr std::size_t kXmlDepthMax = 16;
inline constexpr std::size_t kXmlTextsMax = 20'000;

struct XmlText {
  std::string path;  // without the outermost element's name
  std::string text;
};
[[nodiscard]] std::optional<std::vector<XmlText>> read_xml_texts(std::string_view document);
// The first at `path`; empty if there is none.
[[nodiscard]] std::string text_at(const std::vector<XmlText>& texts, std::string_view path);

}  // namespace straykey
