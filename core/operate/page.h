#pragma once
// Page: some rows of a long list, and where the next page begins. PageLimits: how long it may get.
//
// Shape:  `next` is what to give as `after` for the page that follows; an empty one is the beginning and the end.
// Thread: any (a value).
#include <cstddef>
#include <string>
#include <vector>

namespace straykey {

template <class Row>
struct Page {
  std::vector<Row> rows;
  std::string next;
};

// How much of a store one answer may read and hold: a reader is held for less than 100 ms (engine/store.h).
struct PageLimits {
  std::size_t rows_max = 500;           // 500 alerts of 20 KB parsed and written again: 30 ms
  std::size_t bytes_max = 1024 * 1024;  // of what is shown; one row more than that always passes
};

}  // namespace straykey
