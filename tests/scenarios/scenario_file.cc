#include "tests/scenarios/scenario_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace straykey {
namespace {

using Words = std::vector<std::string>;

constexpr int kDayMax = 4'400;  // twelve years: whatever AWS ranges are compiled in, they are old by then

constexpr std::array<std::string_view, 52> kEventAttributes{"root",       "lambda",
                                                            "ecs",        "eks",
                                                            "ec2",        "codebuild",
                                                            "glue",       "sagemaker",
                                                            "apprunner",  "emr-serverless",
                                                            "airflow",    "kinesisanalytics",
                                                            "gamelift",   "bedrock-agentcore",
                                                            "user",       "sso",
                                                            "saas",       "oidc",
                                                            "slr",        "person",
                                                            "anonymous",  "foreign",
                                                            "child",      "assumes",
                                                            "gives",      "role",
                                                            "proof",      "key",
                                                            "session",    "ip",
                                                            "vpce-owner", "tool",
                                                            "agent",      "exec-env",
                                                            "api",        "account",
                                                            "recipient",  "error",
                                                            "invoked-by", "console",
                                                            "event-id",   "shared-event-id",
                                                            "issues",     "principal",
                                                            "provider",   "letters",
                                                            "presigned",  "received",
                                                            "mcp",        "through",
                                                            "delegate",   "across"};
constexpr std::array<std::string_view, 1> kBackgroundAttributes{"account"};
constexpr std::array<std::string_view, 20> kExpectAttributes{
    "service", "identities", "since", "notify", "campaign", "declare",     "says",  "identity",   "network", "tool",
    "day",     "account",    "names", "capped", "proof",    "occurrences", "pairs", "suppressed", "chain",   "known"};

std::optional<int> number_of(std::string_view text, int min, int max) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < min || number > max) return std::nullopt;
  return number;
}

// Words are parted by spaces; "..." holds spaces; a word that begins with # begins a comment.
Result<Words> words_of(std::string_view line) {
  Words words;
  std::string word;
  bool quoted = false, begun = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      begun = true;
    } else if (!quoted && (c == ' ' || c == '\t')) {
      if (begun) words.push_back(std::move(word));
      word.clear();
      begun = false;
    } else if (!begun && c == '#') {
      return words;
    } else {
      word += c;
      begun = true;
    }
  }
  if (quoted) return Error{"a quotation mark is never closed"};
  if (begun) words.push_back(std::move(word));
  return words;
}

// "3", "1-20", "1,3,5-7".
Result<std::vector<int>> days_of(std::string_view text) {
  std::vector<int> days;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t dash = part.find('-');
    const auto first = number_of(part.substr(0, dash), 1, kDayMax);
    const auto last = dash == std::string_view::npos ? first : number_of(part.substr(dash + 1), 1, kDayMax);
    if (!first || !last || *last < *first) return Error{fmt::format("\"{}\" names no days", part)};
    for (int day = *first; day <= *last; ++day) days.push_back(day);
  }
  if (days.empty()) return Error{"no days"};
  return days;
}

std::optional<int> second_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hours = number_of(text.substr(0, 2), 0, 23);
  const auto minutes = number_of(text.substr(3), 0, 59);
  if (!hours || !minutes) return std::nullopt;
  return *hours * 3600 + *minutes * 60;
}

// Sorts the words from `at` on into `name=value` and others.
Status take_words(const Words& words, std::size_t at, std::span<const std::string_view> allowed, Attributes& attributes,
                  Words* plain) {
  for (; at < words.size(); ++at) {
    const std::size_t equals = words[at].find('=');
    if (equals == std::string::npos) {
      if (plain == nullptr) return Error{fmt::format("\"{}\" is no name=value", words[at])};
      plain->push_back(words[at]);
      continue;
    }
    const std::string name = words[at].substr(0, equals);
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), name) == allowed.end())
      return Error{fmt::format("\"{}\" is not known here", name)};
    attributes.add(name, words[at].substr(equals + 1));
  }
  return {};
}

Result<EventLine> event_line(const Words& words, std::size_t at, int line) {
  EventLine event;
  event.line = line;
  const auto time = at < words.size() ? second_of_day(words[at]) : std::nullopt;
  if (!time) return Error{"a time of day like 09:05 is missing"};
  event.second_of_day = *time;
  if (const Status status = take_words(words, at + 1, kEventAttributes, event.attributes, nullptr); !status)
    return status.error();
  return event;
}

struct Keyword {
  std::string_view word;
  Step::Kind kind;
};
constexpr std::array<Keyword, 11> kKeywords{{{"networks", Step::Kind::networks},
                                             {"ranges", Step::Kind::ranges},
                                             {"accounts", Step::Kind::accounts},
                                             {"settings", Step::Kind::settings},
                                             {"background", Step::Kind::background},
                                             {"day", Step::Kind::events},
                                             {"days", Step::Kind::events},
                                             {"expect", Step::Kind::expect},
                                             {"acknowledge", Step::Kind::acknowledge},
                                             {"known", Step::Kind::known},
                                             {"restart", Step::Kind::restart}}};

Status fill_step(const Words& words, Step& step) {
  switch (step.kind) {
    case Step::Kind::events: {
      auto days = words.size() > 1 ? days_of(words[1]) : Result<std::vector<int>>(Error{"no days"});
      if (!days) return days.error();
      step.days = *days;
      auto event = event_line(words, 2, step.line);
      if (!event) return event.error();
      step.events.push_back(*event);
      return {};
    }
    case Step::Kind::background: {
      if (words.size() < 3 || (words[1] != "days" && words[1] != "day")) return Error{"write: background days 1-20"};
      auto days = days_of(words[2]);
      if (!days) return days.error();
      step.days = *days;
      return take_words(words, 3, kBackgroundAttributes, step.attributes, nullptr);
    }
    case Step::Kind::expect:
    case Step::Kind::acknowledge:
      return take_words(words, 1, kExpectAttributes, step.attributes, &step.words);
    default:
      return take_words(words, 1, {}, step.attributes, &step.words);
  }
}

Status parse_line(const Words& words, int line, Scenario& scenario) {
  if (words[0] == "also") {
    if (scenario.steps.empty() || scenario.steps.back().kind != Step::Kind::events)
      return Error{"\"also\" follows a line of a day"};
    auto event = event_line(words, 1, line);
    if (!event) return event.error();
    scenario.steps.back().events.push_back(*event);
    return {};
  }
  const auto keyword =
      std::find_if(kKeywords.begin(), kKeywords.end(), [&](const Keyword& k) { return k.word == words[0]; });
  if (keyword == kKeywords.end()) return Error{fmt::format("\"{}\" begins no line", words[0])};
  Step step;
  step.kind = keyword->kind;
  step.line = line;
  if (const Status status = fill_step(words, step); !status) return status.error();
  scenario.steps.push_back(std::move(step));
  return {};
}

}  // namespace

std::optional<std::string> Attributes::find(std::string_view name) const {
  for (const auto& [known, value] : pairs_)
    if (known == name) return value;
  return std::nullopt;
}

std::string Attributes::get(std::string_view name, std::string_view otherwise) const {
  return find(name).value_or(std::string(otherwise));
}

Result<Scenario> parse_scenario(std::string path, std::string_view text) {
  Scenario scenario;
  scenario.path = std::move(path);
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (scenario.claim.empty() && line.starts_with("# ")) scenario.claim = line.substr(2);
    auto words = words_of(line);
    const Status status = !words           ? Status(words.error())
                          : words->empty() ? Status()
                                           : parse_line(*words, number, scenario);
    if (!status) return Error{fmt::format("{}:{}: {}", scenario.path, number, status.error().message)};
  }
  if (scenario.claim.empty())
    return Error{fmt::format("{}:1: the first line must say the claim: # ...", scenario.path)};
  const bool expects = std::any_of(scenario.steps.begin(), scenario.steps.end(),
                                   [](const Step& s) { return s.kind == Step::Kind::expect; });
  if (!expects) return Error{fmt::format("{}:{}: nothing is expected", scenario.path, number)};
  return scenario;
}

}  // namespace straykey
