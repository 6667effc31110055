#pragma once
// Page: some rows of a long list, and where the next page begins.
//
// Shape:  `next` is what to give as `after` for the page that follows; an empty one is the beginning and the end.
// Thread: any (a value).
#include <string>
#include <vector>

namespace straykey {

template <class Row>
struct Page {
  std::vector<Row> rows;
  std::string next;
};

}  // namespace straykey
