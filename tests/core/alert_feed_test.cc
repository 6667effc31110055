#include "core/operate/alert_feed.h"

#include <vector>

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("alert feed: who names a change hears of each alert that changed since, once") {
  AlertFeed feed(7);
  const std::string start = feed.since("").last;
  CHECK_FALSE(feed.has_news(start));
  feed.add({1, 0});
  feed.add({2, 0});
  feed.add({1, 0});
  CHECK(feed.has_news(start));
  const auto news = feed.since(start);
  CHECK_EQ(news.alerts, std::vector<Hash128>{{1, 0}, {2, 0}});
  CHECK_FALSE(news.everything);
  CHECK_FALSE(feed.has_news(news.last));
  CHECK(feed.since(news.last).alerts.empty());
}

TEST_CASE("alert feed: another run, a name of nothing, and who is too far behind must look at everything") {
  AlertFeed feed(7);
  const std::string start = feed.since("").last;
  for (const char* name : {"6-0", "7-1", "7-", "7", "x", "7-99999999999999999999"}) {
    CHECK(feed.since(name).everything);
    CHECK(feed.has_news(name));
  }
  for (std::size_t i = 0; i < AlertFeed::kChangesKept; ++i) feed.add({i, 1});
  CHECK_EQ(feed.since(start).alerts.size(), AlertFeed::kChangesKept);
  feed.add({1, 1});
  CHECK(feed.since(start).everything);
  const std::string now = feed.since("").last;
  feed.add_everything();
  CHECK(feed.since(now).everything);
}

}  // namespace
}  // namespace straykey
