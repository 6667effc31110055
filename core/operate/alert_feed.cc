#include "core/operate/alert_feed.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

namespace straykey {

void AlertFeed::add(Hash128 alert) {
  ++last_;
  changes_.push_back(alert);
  if (changes_.size() > kChangesKept) changes_.pop_front();
}

void AlertFeed::add_everything() {
  last_ += kChangesKept + 1;
  changes_.clear();
}

std::optional<std::uint64_t> AlertFeed::number_of(std::string_view name) const {
  if (!name.starts_with(run_ + '-')) return std::nullopt;
  name.remove_prefix(run_.size() + 1);
  std::uint64_t number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size() || number > last_) return std::nullopt;
  return number;
}

AlertFeed::News AlertFeed::since(std::string_view name) const {
  News news;
  news.last = run_ + '-' + std::to_string(last_);
  if (name.empty()) return news;
  const auto number = number_of(name);
  if (!number || last_ - *number > changes_.size()) {
    news.everything = true;
    return news;
  }
  std::unordered_set<Hash128> told;
  for (auto at = changes_.end() - static_cast<std::ptrdiff_t>(last_ - *number); at != changes_.end(); ++at)
    if (told.insert(*at).second) news.alerts.push_back(*at);
  return news;
}

bool AlertFeed::has_news(std::string_view name) const {
  const auto number = number_of(name);
  return !number || *number != last_;
}

}  // namespace straykey
