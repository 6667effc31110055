// The entry that libFuzzer, or mutating_main.cc, calls: `--target=NAME` picks one of fuzz_targets().
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/targets.h"

namespace straykey {
namespace {

constexpr FuzzTarget kTargets[] = {
    {"payload", fuzz_payload},   {"record", fuzz_record},     {"syslog", fuzz_syslog},   {"http", fuzz_http},
    {"firehose", fuzz_firehose}, {"splunk", fuzz_splunk},     {"bulk", fuzz_bulk},       {"otlp", fuzz_otlp},
    {"datadog", fuzz_datadog},   {"relp", fuzz_relp},         {"agent", fuzz_agent},     {"address", fuzz_address},
    {"ranges", fuzz_ranges},     {"asn", fuzz_asn},           {"mmdb", fuzz_mmdb},       {"config", fuzz_config},
    {"codec", fuzz_codec},       {"operator", fuzz_operator}, {"rejects", fuzz_rejects}, {"aws", fuzz_aws},
    {"base64", fuzz_base64},
};

const FuzzTarget* chosen = nullptr;

[[noreturn]] void list_targets() {
  std::fputs("--target=NAME is missing; the names are:", stderr);
  for (const FuzzTarget& target : kTargets) std::fprintf(stderr, " %s", target.name.data());
  std::fputs("\n", stderr);
  std::exit(2);
}

}  // namespace

std::span<const FuzzTarget> fuzz_targets() {
  return kTargets;
}

}  // namespace straykey

extern "C" int LLVMFuzzerInitialize(int* count, char*** words) {
  using namespace straykey;
  constexpr std::string_view kFlag = "--target=";
  for (int i = 1; i < *count; ++i) {
    const std::string_view word = (*words)[i];
    if (!word.starts_with(kFlag)) continue;
    const auto is_it = [name = word.substr(kFlag.size())](const FuzzTarget& target) { return target.name == name; };
    const auto found = std::find_if(std::begin(kTargets), std::end(kTargets), is_it);
    if (found != std::end(kTargets)) chosen = found;
  }
  if (chosen == nullptr) list_targets();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  straykey::chosen->run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
