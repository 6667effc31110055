#include "core/event/agent_cache.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace straykey {

UserAgent AgentCache::classify(std::string_view text) {
  if (text.size() < 8 || text.size() > kTextBytesMax) return classify_user_agent(text);
  const Slot& slot = slot_for(sets_[set_of(text)], text);
  UserAgent agent = slot.agent;
  for (std::string_view* const view : {&agent.exec_env, &agent.command, &agent.sid})
    if (!view->empty()) *view = text.substr(static_cast<std::size_t>(view->data() - slot.text.data()), view->size());
  return agent;
}

const AgentCache::Slot& AgentCache::slot_for(Set& set, std::string_view text) {
  for (const Slot& slot : set.slots)
    if (slot.text == text) return slot;
  Slot& slot = set.slots[set.next];
  set.next = static_cast<std::uint8_t>((set.next + 1) % set.slots.size());
  slot.text = text;
  slot.agent = classify_user_agent(slot.text);
  return slot;
}

std::size_t AgentCache::set_of(std::string_view text) noexcept {
  std::uint64_t first, middle, last;
  std::memcpy(&first, text.data(), 8);
  std::memcpy(&middle, text.data() + (text.size() - 8) / 2, 8);
  std::memcpy(&last, text.data() + text.size() - 8, 8);
  const std::uint64_t mixed = (first ^ std::rotl(middle, 21) ^ std::rotl(last, 42) ^ text.size()) * 0x9e3779b97f4a7c15u;
  return mixed >> 58;
}

}  // namespace straykey
