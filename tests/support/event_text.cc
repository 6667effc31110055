#include "tests/support/event_text.h"

#include "core/event/record_fields.h"

namespace straykey {

std::string event_text(const Event& event) {
  std::string out(event.record);
  const auto add = [&out](std::string_view text) { (out += '\n') += text; };
  for (const auto field : kKeptFields) add(event.*field);
  const UserAgent& agent = event.user_agent;
  for (const std::string_view text : {agent.tool, agent.exec_env, agent.command, agent.sid}) add(text);
  for (const std::int64_t number :
       {static_cast<std::int64_t>(event.time), std::int64_t{event.from_future}, std::int64_t{event.console_session},
        std::int64_t{event.sign_in_failed}, static_cast<std::int64_t>(event.type),
        static_cast<std::int64_t>(agent.kind), static_cast<std::int64_t>(agent.platform), std::int64_t{event.presigned},
        std::int64_t{event.delegated}, std::int64_t{agent.letters}})
    add(std::to_string(number));
  return out;
}

}  // namespace straykey
