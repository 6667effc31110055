#include "core/detect/formats/slack.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/utf8.h"
#include "core/detect/formats/body_limit.h"
#include "core/detect/formats/told_message.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kHeaderMax = 150, kSectionMax = 3'000, kFieldMax = 2'000, kAllMax = 13'000;
constexpr std::size_t kTitleMax = 1'000, kValueMax = 200, kNoticeMax = 300;
constexpr std::size_t kKeptForTheEnd = 600;  // of kAllMax, for the line with the alert's id and the link

// Slack takes these three as the beginning of its markup, and nothing else.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

// Cut so that it has at most `size_max` characters with its escapes, each a byte or more.
std::string escaped_within(std::string_view text, std::size_t size_max) {
  for (std::size_t size = size_max;; size -= std::min(size, (size_max + 15) / 16)) {
    std::string out = escaped(shown_text(text, std::max<std::size_t>(size, 4)));
    if (out.size() <= size_max || size == 0) return out;
  }
}

// The blocks, and how many characters of text they hold.
class Blocks {
 public:
  void header(std::string_view text) { add({{"type", "header"}, {"text", plain(text, kHeaderMax)}}); }
  void section(std::string_view text, std::size_t size_max) {
    add({{"type", "section"}, {"text", plain(text, size_max)}});
  }
  void lines(std::string_view text, std::size_t size_max) {
    std::string shown;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      std::string next = escaped_within(line, 700);
      if (shown.size() + next.size() + 1 > size_max) break;
      shown.append(shown.empty() ? "" : "\n").append(next);
    }
    if (shown.empty()) return;
    used_ += shown.size();
    add({{"type", "section"}, {"text", json::object{{"type", "plain_text"}, {"text", shown}, {"emoji", false}}}});
  }
  void fields(const std::vector<std::pair<std::string_view, std::string>>& list) {
    json::array fields;
    for (const auto& [name, value] : list)
      if (!value.empty() && fields.size() < 10)
        fields.push_back(plain(fmt::format("{}: {}", name, shown_text(value, kValueMax)), kFieldMax));
    if (!fields.empty()) add({{"type", "section"}, {"fields", std::move(fields)}});
  }
  // A command as it stands; not at all if there is no room for all of it.
  void step(const ToldStep& step) {
    const std::string purpose = shown_text(step.purpose, kValueMax);
    const std::string text = shown_text(step.text, kSectionMax);
    if (text.size() == kSectionMax || used_ + purpose.size() + text.size() > kAllMax - kKeptForTheEnd) return;
    used_ += purpose.size() + text.size();
    const auto element = [](std::string_view type, std::string_view words) {
      return json::object{{"type", type}, {"elements", json::array{json::object{{"type", "text"}, {"text", words}}}}};
    };
    add({{"type", "rich_text"},
         {"elements", json::array{element("rich_text_section", purpose), element("rich_text_preformatted", text)}}});
  }
  void end(const ToldMessage& told) {
    std::string which = fmt::format("straykey {} {}", told.is_alert() ? "alert" : told.type, told.id);
    if (told.takes_alert_back()) which += " of alert " + told.alert_id;
    json::array elements{plain(which, kValueMax)};
    if (!told.link.empty() && told.link.size() <= 2'000)
      elements.push_back(
          json::object{{"type", "mrkdwn"}, {"text", fmt::format("<{}|Open it in straykey>", escaped(told.link))}});
    add({{"type", "context"}, {"elements", std::move(elements)}});
  }
  [[nodiscard]] json::array take() { return std::move(blocks_); }

 private:
  json::object plain(std::string_view text, std::size_t size_max) {
    std::string shown = escaped_within(text, size_max);
    used_ += shown.size();
    return {{"type", "plain_text"}, {"text", std::move(shown)}, {"emoji", false}};
  }
  void add(json::object block) { blocks_.push_back(std::move(block)); }

  json::array blocks_;
  std::size_t used_ = 0;
};

std::string write(const ToldMessage& told) {
  Blocks blocks;
  blocks.header(fmt::format("{}: {}", loud_name_of(told.severity), told.name.empty() ? told.type : told.name));
  if (!told.title.empty()) blocks.section(told.title, kTitleMax);
  blocks.fields({{"Account", told.text({"account"})},
                 {"Identity", told.text({"identity"})},
                 {"From", told.text({"source", "address"})},
                 {"Network", told.text({"network"})},
                 {"Tool", told.text({"user_agent", "tool"})},
                 {"Access key", told.text({"token", "access_key_id"})},
                 {"Region", told.text({"region"})},
                 {"At", format_time(told.at)}});
  blocks.lines(shown_why(told, "\xe2\x80\xa2 ", kSectionMax), kSectionMax);
  if (std::string campaign = told.text({"campaign", "sentence"}); !campaign.empty())
    blocks.section(campaign, kTitleMax);
  if (!told.caution.empty()) blocks.section("Caution: " + told.caution, kTitleMax);
  for (const ToldStep& step : told.steps) blocks.step(step);
  blocks.end(told);
  // `text` is what notifications show. It is marked as no markup, too.
  return plain_json(
      json::object{{"text", escaped_within(fmt::format("{}: {}", loud_name_of(told.severity), told.title), kNoticeMax)},
                   {"mrkdwn", false},
                   {"unfurl_links", false},
                   {"unfurl_media", false},
                   {"blocks", blocks.take()}});
}

}  // namespace

std::string slack_body(const Message& message, const BodyContext& context) {
  return within_body_limit(told_message(message, context), write);
}

}  // namespace straykey
