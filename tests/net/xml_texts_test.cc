#include "net/aws/xml_texts.h"

#include <doctest/doctest.h>

using namespace straykey;

TEST_CASE("each text of a document has the names around it, without the outermost") {
  const auto texts = read_xml_texts(
      "<?xml version=\"1.0\"?><A xmlns=\"urn:x\"><B><C>one &amp; two</C><C/></B> "
      "<x:D>\xc3\xa9</x:D><E><![CDATA[<f>]]></E></A>");
  REQUIRE(texts);
  CHECK_EQ(text_at(*texts, "B/C"), "one & two");
  CHECK_EQ(text_at(*texts, "D"), "\xc3\xa9");
  CHECK_EQ(text_at(*texts, "E"), "<f>");
  CHECK_EQ(text_at(*texts, "F"), "");
  CHECK_EQ(texts->size(), 4);
}

TEST_CASE("what is no XML, has a DTD or goes beyond a bound is refused") {
  CHECK(!read_xml_texts(""));
  CHECK(!read_xml_texts("{}"));
  CHECK(!read_xml_texts("<a><b></a>"));
  CHECK(!read_xml_texts("<a>one</a><b/>"));
  CHECK(!read_xml_texts("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>"));
  std::string deep, wide = "<a>";
  for (std::size_t i = 0; i <= kXmlDepthMax; ++i) deep += "<a>";
  for (std::size_t i = 0; i <= kXmlDepthMax; ++i) deep += "</a>";
  CHECK(!read_xml_texts(deep));
  for (std::size_t i = 0; i <= kXmlTextsMax; ++i) wide += "<b/>";
  CHECK(!read_xml_texts(wide + "</a>"));
}
