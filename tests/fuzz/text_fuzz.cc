// Short texts from records and settings: what is read must be a part of the text, or its canonical form must read as
// the same value again.
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/invariant.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/event/record_time.h"
#include "core/event/user_agent.h"
#include "core/identity/principal.h"
#include "core/location/ip_address.h"
#include "net/client/syslog_client.h"
#include "net/client/url.h"
#include "net/http/request_target.h"
#include "tests/fuzz/targets.h"
#include "tools/config/config_text.h"
#include "tools/networks/as_number.h"

namespace straykey {
namespace {

bool lies_in(std::string_view part, std::string_view text) {
  return part.empty() || (part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size());
}

}  // namespace

void fuzz_agent(std::string_view input) {
  const UserAgent agent = classify_user_agent(input);
  INVARIANT(!agent.tool.empty() && agent.exec_env.size() <= 64);
  INVARIANT(lies_in(agent.command, input) && lies_in(agent.sid, input));
  const UserAgent again = classify_user_agent(input);
  INVARIANT(agent.tool == again.tool && agent.kind == again.kind && agent.letters == again.letters);
  for (const char c : escape_for_log(input)) INVARIANT(static_cast<unsigned char>(c) >= 0x20);
}

void fuzz_address(std::string_view input) {
  for (const auto& address : {parse_ip(input), parse_written_ip(input)})
    if (address) INVARIANT(parse_ip(address->text()) == address);
  if (const auto prefix = parse_prefix(input)) {
    INVARIANT(parse_prefix(prefix->text()) == prefix);
    INVARIANT(prefix->contains(prefix->first) && prefix->contains(prefix->last()));
  }
  if (const auto number = parse_as_number(input)) INVARIANT(lies_in(number->name, input));
  if (const auto time = parse_record_time(input)) INVARIANT(parse_time(format_time(*time)) == time);
  if (const auto day = parse_day(input)) INVARIANT(parse_day(format_day(*day)) == day);
  if (const auto size = parse_size(input)) INVARIANT(parse_size(size_text(*size)) == size);
  if (const auto listen = parse_listen_address(input)) INVARIANT(parse_listen_address(listen->text()) == listen);
  if (const auto arn = parse_role_session_arn(input)) INVARIANT(!input.empty());
  (void)parse_url(input);
  (void)parse_syslog_url(input);
}

}  // namespace straykey
