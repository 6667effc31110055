#include "core/detect/formats/teams.h"

#include <fmt/format.h>

#include "core/detect/formats/body_limit.h"
#include "core/detect/formats/told_message.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kTextMax = 1'000, kValueMax = 200, kWhyMax = 3'000, kStepMax = 2'000;
constexpr std::size_t kKeptForTheEnd = 3 * 1024;  // the frame of the card and its link

json::object run(std::string_view text) {
  return {{"type", "TextRun"}, {"text", text}};
}

json::object text_block(json::array runs) {
  return {{"type", "RichTextBlock"}, {"inlines", std::move(runs)}};
}

std::string_view color_of(Severity severity) {
  if (severity == Severity::high) return "attention";
  return severity == Severity::medium ? "warning" : "default";
}

json::object heading(const ToldMessage& told) {
  const std::string_view name = told.name.empty() ? std::string_view(told.type) : std::string_view(told.name);
  json::object words = run(fmt::format("{}: {}", loud_name_of(told.severity), shown_text(name, kValueMax)));
  words["size"] = "large";
  words["weight"] = "bolder";
  words["color"] = color_of(told.severity);
  return text_block({std::move(words)});
}

void add_fact(json::array& body, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  json::object label = run(fmt::format("{}: ", name));
  label["weight"] = "bolder";
  body.push_back(text_block({std::move(label), run(shown_text(value, kValueMax))}));
}

json::object step_block(const ToldStep& step) {
  json::object command = run(shown_text(step.text, kStepMax));
  command["fontType"] = "monospace";
  return {
      {"type", "Container"},
      {"separator", true},
      {"items", json::array{text_block({run(shown_text(step.purpose, kValueMax))}), text_block({std::move(command)})}}};
}

std::string write(const ToldMessage& told) {
  json::array blocks{heading(told), text_block({run(shown_text(told.title, kTextMax))})};
  add_fact(blocks, "Account", told.text({"account"}));
  add_fact(blocks, "Identity", told.text({"identity"}));
  add_fact(blocks, "From", told.text({"source", "address"}));
  add_fact(blocks, "Network", told.text({"network"}));
  add_fact(blocks, "Tool", told.text({"user_agent", "tool"}));
  add_fact(blocks, "Access key", told.text({"token", "access_key_id"}));
  add_fact(blocks, "At", format_time(told.at));
  add_fact(blocks, "Campaign", told.text({"campaign", "sentence"}));
  std::size_t room = kWhyMax;
  for (const std::string& why : told.why) {
    if (room < 64) break;
    const std::string shown = shown_text(why, std::min(room, kTextMax));
    room -= shown.size();
    blocks.push_back(text_block({run("- " + shown)}));
  }
  add_fact(blocks, "Caution", told.caution);
  std::size_t used = plain_json(blocks).size();
  for (const ToldStep& step : told.steps) {
    json::object block = step_block(step);
    used += plain_json(block).size();
    if (used > kTeamsBytesMax - kKeptForTheEnd) break;
    blocks.push_back(std::move(block));
  }
  add_fact(blocks, "Alert", told.alert_id.empty() ? told.id : told.alert_id);
  if (told.takes_alert_back()) add_fact(blocks, "Taken back by", told.id);
  json::object card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                    {"type", "AdaptiveCard"},
                    {"version", "1.4"},
                    {"body", std::move(blocks)}};
  if (!told.link.empty() && told.link.size() <= 2'000)
    card["actions"] =
        json::array{json::object{{"type", "Action.OpenUrl"}, {"title", "Open it in straykey"}, {"url", told.link}}};
  return plain_json(
      json::object{{"type", "message"},
                   {"attachments", json::array{json::object{{"contentType", "application/vnd.microsoft.card.adaptive"},
                                                            {"contentUrl", nullptr},
                                                            {"content", std::move(card)}}}}});
}

}  // namespace

std::string teams_body(const Message& message, const BodyContext& context) {
  return within_body_limit(told_message(message, context), write);
}

}  // namespace straykey
