#include "perf/sample.h"

#include <libdeflate.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/invariant.h"
#include "core/event/cloudtrail.h"
#include "tests/support/temporary_directory.h"
#include "tools/simulate/simulate.h"

namespace straykey {
namespace {

constexpr std::size_t kRecords = 20'000;
constexpr std::size_t kRecordsABody = 500;

SampleBody body_of(std::string text, std::size_t records) {
  SampleBody body;
  body.size = text.size();
  body.records = records;
  text.append(kJsonPadding, ' ');
  body.text = std::move(text);
  return body;
}

std::vector<std::string> simulated_records() {
  const TemporaryDirectory folder;
  SimulateSettings settings;
  settings.end = *parse_day("2026-06-30");
  settings.events_target = kRecords;
  settings.out = folder.path();
  settings.gzip = false;
  settings.json_lines = true;
  INVARIANT(simulate(settings, {}).ok());
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() + "/trail"))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> records;
  for (const auto& path : paths) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
      if (!line.empty()) records.push_back(line);
  }
  return records;
}

std::string gzip(std::string_view text) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string out(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

Sample make_sample() {
  Sample out;
  const std::vector<std::string> records = simulated_records();
  for (std::size_t at = 0; at < records.size(); at += kRecordsABody) {
    const std::size_t end = std::min(at + kRecordsABody, records.size());
    std::string file = "{\"Records\":[", lines;
    for (std::size_t i = at; i < end; ++i) {
      if (i > at) file += ',';
      file += records[i];
      lines += records[i] + '\n';
    }
    file += "]}";
    out.compressed.push_back(body_of(gzip(file), end - at));
    out.bytes += file.size();
    out.files.push_back(body_of(std::move(file), end - at));
    out.lines.push_back(body_of(std::move(lines), end - at));
  }
  out.records = records.size();
  return out;
}

}  // namespace

const Sample& sample() {
  static const Sample made = make_sample();
  return made;
}

}  // namespace straykey
