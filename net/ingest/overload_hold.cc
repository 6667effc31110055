#include "net/ingest/overload_hold.h"

#include <utility>

namespace straykey {

OverloadHold::OverloadHold(Settings settings, std::size_t io_threads, Later later, Counter& waits)
    : patience_(settings.patience), tick_(settings.tick), later_(std::move(later)), waits_(waits), lists_(io_threads) {}

bool OverloadHold::hold(std::size_t io_thread, std::chrono::milliseconds waited_before, Held held) {
  const std::chrono::milliseconds patience = patience_;
  if (ended_ || !later_ || waited_before >= patience) return false;
  waits_.add();
  lists_[io_thread].held.push_back({Clock::now() + patience - waited_before, std::move(held)});
  tick_later(io_thread);
  return true;
}

void OverloadHold::tick_later(std::size_t io_thread) {
  List& list = lists_[io_thread];
  if (list.ticks) return;
  later_(io_thread, tick_, [this, io_thread] { tick(io_thread); });
  list.ticks = true;
}

// Each entry is taken out before it is called and put back behind the others: what throws is not called again, and
// those behind it are not lost.
void OverloadHold::tick(std::size_t io_thread) {
  List& list = lists_[io_thread];
  list.ticks = false;
  if (!list.held.empty()) tick_later(io_thread);
  const Clock::time_point now = Clock::now();
  const bool ended = ended_;
  bool room = true;
  for (std::size_t left = list.held.size(); left > 0; --left) {
    Entry entry = std::move(list.held.front());
    list.held.pop_front();
    room = room && !ended && entry.held.try_again();
    if (room) continue;
    if (ended || now >= entry.until)
      entry.held.give_up();
    else
      list.held.push_back(std::move(entry));
  }
}

}  // namespace straykey
