#include "tools/simulate/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <set>
#include <utility>

#include "tools/simulate/address_plan.h"
#include "tools/simulate/background.h"

namespace straykey {
namespace {

constexpr unsigned kDaysMax = 400;
constexpr std::uint64_t kEventsMax = 1'000'000'000;
// Delivery is every 15 minutes where that fills a file with this many events on average, else every hour, 6 hours or
// day.
constexpr double kEventsPerFile = 300;
constexpr unsigned kDeliverAgainEvery = 9;  // days
// Records a day that are not workloads' calls (people, the vendor, AWS), as counted over 45 days on 2026-11-22.
constexpr double kOtherEventsPerDay = 160;

Status check(const SimulateSettings& settings) {
  if (settings.days < kPlanDays || settings.days > kDaysMax) {
    return Error{fmt::format("days must be between {} and {}", kPlanDays, kDaysMax)};
  }
  // 16000 is 2013-10-22, 47000 is 2098-09-06: the years of CloudTrail.
  if (settings.end < 16'000 + kDaysMax || settings.end > 47'000)
    return Error{"the last day must lie between 2015 and 2098"};
  if (settings.events_target > kEventsMax) return Error{fmt::format("at most {} events", kEventsMax)};
  if (settings.out.empty()) return Error{"no folder to write to"};
  std::error_code failure;
  const auto trail = settings.out / "trail";
  if (std::filesystem::exists(trail, failure) && !std::filesystem::is_empty(trail, failure)) {
    return Error{fmt::format("{} holds something already", trail.string())};
  }
  std::filesystem::create_directories(trail, failure);
  if (failure) return Error{fmt::format("cannot make {}: {}", trail.string(), failure.message())};
  return {};
}

// A workload's calls bring issuing events with them. The more often a key is used, the fewer there are for each call.
double issuing_events(double calls_a_day) {
  return std::min(calls_a_day * 0.3, 4.5);
}

// For more events, first the workloads become busier (up to 400 calls a day), then there are more of them.
OrganisationSize size_for(const SimulateSettings& settings) {
  OrganisationSize size{.seed = settings.seed, .days = settings.days};
  constexpr double kCast = 26;
  const double per_day =
      std::max(0.0, static_cast<double>(settings.events_target) / settings.days - kOtherEventsPerDay);
  const double per_workload = std::clamp(std::sqrt(per_day / kCast) * 5, 6.0, 400.0);
  const double workloads = std::max(kCast, per_day / per_workload);
  const double extra = std::min(std::floor(workloads - kCast), static_cast<double>(kExtraWorkloadsMax));
  const double events_each = per_day / (kCast + extra);
  // Forward access sessions add one call in 40. The trail's other events are constant.
  size.calls_a_day = std::max(5.0, (events_each - issuing_events(events_each)) / 1.025);
  size.extra_workloads = static_cast<std::uint32_t>(extra);
  return size;
}

Status put(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) return Error{fmt::format("cannot write {}", path.string())};
  return {};
}

Status put_side_files(const SimulateSettings& settings, const StoryTeller& teller) {
  const Seconds created = settings.end * kSecondsPerDay + kSecondsPerDay / 2;
  std::string labels;
  for (const TheftLabel& label : teller.labels()) labels += label_json(label) + "\n";
  if (auto status = put(settings.out / "ip-ranges.json", ip_ranges_json(created)); !status) return status;
  if (auto status = put(settings.out / "asn.csv", asn_csv()); !status) return status;
  if (auto status = put(settings.out / "labels.jsonl", labels); !status) return status;
  return put(settings.out / "stories.jsonl", teller.stories_jsonl());
}

unsigned slots_per_file(const SimulateSettings& settings, const Organisation& organisation) {
  std::set<std::pair<std::string_view, std::string_view>> streams;
  for (const Workload& workload : organisation.workloads) streams.emplace(workload.account, workload.region);
  const double streams_count = settings.json_lines ? 1 : static_cast<double>(streams.size());
  const double events = static_cast<double>(settings.events_target) / settings.days / kSlotsPerDay / streams_count;
  for (const unsigned slots : {1U, 4U, 24U})
    if (events * slots >= kEventsPerFile) return slots;
  return kSlotsPerDay;
}

// Writes one day of the trail, slot by slot, then its files.
class DayWriter {
 public:
  DayWriter(TrailFiles& files, TrailWriter& trail, Background& background, StoryTeller& teller, unsigned slots_per_file)
      : files_(files), trail_(trail), background_(background), teller_(teller), slots_per_file_(slots_per_file) {}

  Status write(Day day, unsigned day_index) {
    for (unsigned slot = 0; slot < kSlotsPerDay; ++slot) {
      const Seconds start = day * kSecondsPerDay + slot * kSlotSeconds;
      trail_.begin_slot(start);
      background_.write_slot(day_index, slot, start);
      teller_.tell(start, kSlotSeconds);
      if ((slot + 1) % slots_per_file_ != 0) continue;
      // Late records wait for the next full hour.
      if (auto status = files_.close_slot(start, slot % 4 == 3); !status) return status;
      if (slot + 1 == kSlotsPerDay && day_index % kDeliverAgainEvery == 4) {
        if (auto status = files_.deliver_again(start); !status) return status;
      }
    }
    return {};
  }

 private:
  TrailFiles& files_;
  TrailWriter& trail_;
  Background& background_;
  StoryTeller& teller_;
  unsigned slots_per_file_;
};

// As a shell reads it back.
std::string shell_word(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+:,@%").find(c) != std::string_view::npos;
  };
  if (!text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// As TOML reads it back: what JSON escapes is escaped there alike, but TOML wants DEL escaped as well.
std::string toml_text(std::string_view text) {
  std::string out = boost::json::serialize(boost::json::string(text));
  for (std::size_t at = 0; (at = out.find('\x7f', at)) != std::string::npos;) out.replace(at, 1, "\\u007f");
  return out;
}

}  // namespace

std::string label_json(const TheftLabel& label) {
  std::string out = fmt::format(R"({{"variation":"{}","account":"{}","identity":"{}","role":"{}","workload":"{}",)",
                                label.variation, label.account, label.identity, label.role, label.workload);
  out += label.tool.empty() ? fmt::format(R"("network":"{}",)", label.network)
                            : fmt::format(R"("tool":"{}",)", label.tool);
  out += fmt::format(R"("day":"{}","key":"{}","story":"{}"}})", format_day(label.day), label.key, label.story);
  return out;
}

std::string summary_text(const SimulateSettings& settings, const SimulateSummary& summary) {
  std::string out = fmt::format(
      "{} events of {} accounts and {} workloads, {} to {}, in {} files ({:.1f} MB, {:.1f} MB of JSON)\n",
      summary.events, summary.accounts, summary.workloads, format_day(summary.first_day), format_day(summary.last_day),
      summary.files, static_cast<double>(summary.file_bytes) / 1e6, static_cast<double>(summary.json_bytes) / 1e6);
  out += fmt::format("{} alerts are expected: {}\n", summary.labels.size(), (settings.out / "labels.jsonl").string());
  out += fmt::format("networks.trusted of this organisation: {}\n", summary.trusted_prefix);
  const auto word = [&](const char* name) { return shell_word((settings.out / name).string()); };
  out += fmt::format("To judge it: straykey scan --aws-ranges {} --asn {} --trusted {} {}\n", word("ip-ranges.json"),
                     word("asn.csv"), summary.trusted_prefix, word("trail"));
  out += "To send it to a server, whose configuration needs this, because the organisation's addresses are made up:\n";
  // A server counts relative paths from the folder of its configuration, wherever that is.
  std::error_code failure;
  const std::filesystem::path absolute = std::filesystem::absolute(settings.out, failure);
  const std::filesystem::path folder = failure ? settings.out : absolute.lexically_normal();
  const auto text = [&](const char* name) { return toml_text((folder / name).string()); };
  out += fmt::format("[networks]\naws_ranges = {}\nasn = [{}]\ntrusted = [\"{}\"]\nhosting_asn = [{}]\n",
                     text("ip-ranges.json"), text("asn.csv"), summary.trusted_prefix, hosting_asn_list());
  return out;
}

Result<SimulateSummary> simulate(const SimulateSettings& settings,
                                 const std::function<void(const SimulateProgress&)>& progress) {
  if (auto status = check(settings); !status) return status.error();
  const OrganisationSize size = size_for(settings);
  const Organisation organisation = build_organisation(size);
  TrailFiles files({.folder = settings.out / "trail",
                    .gzip = settings.gzip,
                    .json_lines = settings.json_lines,
                    .seed = settings.seed});
  TrailWriter trail(organisation, files, settings.seed);
  Background background(organisation, trail);
  const Day first_day = settings.end - settings.days + 1;
  StoryTeller teller(organisation, trail, first_day, settings.days);
  DayWriter writer(files, trail, background, teller, slots_per_file(settings, organisation));

  for (unsigned index = 0; index < settings.days; ++index) {
    if (auto status = writer.write(first_day + index, index); !status) return status.error();
    if (progress) progress({.days_done = index + 1, .days = settings.days, .events = trail.events()});
  }
  if (auto status = put_side_files(settings, teller); !status) return status.error();
  return SimulateSummary{.events = trail.events() + files.records_again(),
                         .duplicates = trail.duplicates() + files.records_again(),
                         .files = files.files(),
                         .file_bytes = files.bytes(),
                         .json_bytes = files.json_bytes(),
                         .accounts = organisation.accounts.size() + 1,
                         .workloads = organisation.workloads.size(),
                         .first_day = first_day,
                         .last_day = settings.end,
                         .labels = teller.labels(),
                         .trusted_prefix = kTrustedPrefix};
}

}  // namespace straykey
