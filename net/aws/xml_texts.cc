#include "net/aws/xml_texts.h"

#include <expat.h>

#include <limits>
#include <memory>
#include <type_traits>

namespace straykey {
namespace {

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using ParserHandle = std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser>;

struct Reading {
  XML_Parser parser = nullptr;
  std::vector<XmlText> texts;
  std::vector<std::size_t> ends;  // of the path, before each element that is open
  std::string path, text;
  bool has_inner = false;  // the element in hand holds others
  bool beyond = false;

  void stop() {
    beyond = true;
    XML_StopParser(parser, XML_FALSE);
  }
};

std::string_view without_prefix(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

void begin_element(void* user, const XML_Char* name, const XML_Char**) {
  auto& reading = *static_cast<Reading*>(user);
  if (reading.ends.size() >= kXmlDepthMax) return reading.stop();
  reading.ends.push_back(reading.path.size());
  if (reading.ends.size() > 1) {
    if (!reading.path.empty()) reading.path += '/';
    reading.path += without_prefix(name);
  }
  reading.text.clear();
  reading.has_inner = false;
}

void end_element(void* user, const XML_Char*) {
  auto& reading = *static_cast<Reading*>(user);
  if (!reading.has_inner) {
    if (reading.texts.size() >= kXmlTextsMax) return reading.stop();
    reading.texts.push_back({reading.path, reading.text});
  }
  reading.path.resize(reading.ends.back());
  reading.ends.pop_back();
  reading.has_inner = true;
}

void take_text(void* user, const XML_Char* text, int size) {
  static_cast<Reading*>(user)->text.append(text, static_cast<std::size_t>(size));
}

void begin_doctype(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
  static_cast<Reading*>(user)->stop();
}

}  // namespace

std::optional<std::vector<XmlText>> read_xml_texts(std::string_view document) {
  const ParserHandle parser(XML_ParserCreate(nullptr));
  if (parser == nullptr || document.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return std::nullopt;
  Reading reading;
  reading.parser = parser.get();
  XML_SetUserData(parser.get(), &reading);
  XML_SetElementHandler(parser.get(), begin_element, end_element);
  XML_SetCharacterDataHandler(parser.get(), take_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), begin_doctype);
  const auto status = XML_Parse(parser.get(), document.data(), static_cast<int>(document.size()), XML_TRUE);
  if (status != XML_STATUS_OK || reading.beyond) return std::nullopt;
  return std::move(reading.texts);
}

std::string text_at(const std::vector<XmlText>& texts, std::string_view path) {
  for (const XmlText& each : texts)
    if (each.path == path) return each.text;
  return {};
}

}  // namespace straykey
