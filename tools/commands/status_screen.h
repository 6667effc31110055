#pragma once
// What `straykey status` says: what comes in, what waits, what is wrong and what to do about it.
//
// Shape:  a function of what the server answers (net/API.md: /api/v1/status, webhook/list, alerts/counts and
//         rejects/list).
// Thread: any (functions of their arguments).
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

struct StatusAnswers {
  boost::json::object status;   // the item of /api/v1/status
  boost::json::object earlier;  // the same, some time before; empty: no rates are told
  double seconds_between = 0;
  std::vector<boost::json::object> webhooks;
  boost::json::object open_alerts;         // the item of alerts/counts of those that are open; may be empty
  std::vector<std::string> warnings = {};  // of the configuration
  // Rejected records that `straykey rejects list` would show; `rejects_more`: and more of them.
  std::size_t rejects_kept = 0;
  bool rejects_more = false;
  // " --config FILE", " --data-dir DIR", both or nothing: as this command was told, for the commands of the advice.
  std::string config_option = {}, data_dir_option = {};
};

// Something that is wrong, and what to do.
struct Trouble {
  bool grave = false;  // false: it wants a look
  std::string what, remedy;

  bool operator==(const Trouble&) const = default;
};
[[nodiscard]] std::vector<Trouble> troubles_of(const StatusAnswers& answers);

// A webhook of webhook/list in a word or some: "well", "paused", "failing" or "undelivered for 334 s". It fails only
// after several attempts in a row, which take minutes; what is undelivered shows that before.
[[nodiscard]] std::string webhook_state(const boost::json::object& webhook);

// `data_dir`: as it was found.
[[nodiscard]] std::string status_screen(const StatusAnswers& answers, std::string_view data_dir, bool in_color);

}  // namespace straykey
