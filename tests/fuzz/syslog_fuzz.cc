// Any bytes as a syslog connection. Read whole and in pieces it must give the same messages, and every
// payload must be a part of its message that begins with a bracket.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/invariant.h"
#include "core/event/syslog_frame.h"
#include "core/event/syslog_message.h"
#include "tests/fuzz/targets.h"

namespace straykey {
namespace {

// Small, so that the limit is reached.
constexpr std::size_t kMessageBytesMax = 600;

struct Message {
  std::string text;
  SyslogFrame::Fault fault;
  bool operator==(const Message&) const = default;
};

// Takes the text away when there is no room left, or after every read.
std::vector<Message> read(std::string_view bytes, std::size_t piece, bool release_each) {
  SyslogFramer framer(kMessageBytesMax);
  std::vector<Message> messages;
  std::vector<std::pair<std::size_t, std::size_t>> places;  // of the latest messages in what is taken
  const auto release = [&] {
    const std::string text = framer.release();
    for (std::size_t i = 0; i < places.size(); ++i)
      INVARIANT(text.substr(places[i].first, places[i].second) == messages[messages.size() - places.size() + i].text);
    places.clear();
  };
  const auto take = [&] {
    while (const auto frame = framer.next()) {
      messages.push_back({std::string(frame->text), frame->fault});
      places.emplace_back(frame->text.data() - framer.taken().data(), frame->text.size());
    }
  };
  while (!bytes.empty()) {
    if (release_each || framer.crowded()) release();
    const auto room = framer.prepare();
    const std::size_t size = std::min({room.size(), bytes.size(), piece});
    INVARIANT(size > 0);
    std::copy_n(bytes.begin(), size, room.begin());
    framer.commit(size);
    bytes.remove_prefix(size);
    take();
    INVARIANT(framer.held_bytes() <= 4 * SyslogFramer::kReadBytesMax);
  }
  framer.end();
  take();
  release();
  return messages;
}

}  // namespace

void fuzz_syslog(std::string_view input) {
  if (input.empty()) return;
  const std::size_t piece = static_cast<unsigned char>(input[0]) % 16 + 1u;
  const std::string_view text = input.substr(1);
  const std::vector<Message> whole = read(text, text.size() + 1, false);
  INVARIANT(whole == read(text, piece, false));
  INVARIANT(whole == read(text, piece, true));
  for (const Message& message : whole) {
    INVARIANT(message.text.size() <= kMessageBytesMax);
    const std::string_view payload = syslog_payload(message.text);
    INVARIANT(payload.empty() || payload.front() == '{' || payload.front() == '[');
    INVARIANT(payload.size() <= message.text.size());
    INVARIANT(!truncation_advice(message.text.size(), payload.size(), syslog_header(message.text)).empty());
  }
}

}  // namespace straykey
